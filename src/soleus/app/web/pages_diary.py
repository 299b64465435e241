"""The diary: a calendar of nights, the numbers of a stretch, and each night with what can be corrected in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from soleus.app.circumstances import SUGGESTED, CircumstanceTold, followed, tell_circumstances
from soleus.app.diary_report import DiaryReport
from soleus.app.diary_stretch import STRETCHES, report_stretch, stretch_of
from soleus.app.diary_words import change_sentences, number_sentences
from soleus.app.entry_keeping import undo_entry
from soleus.app.interview_record import told_case
from soleus.app.log_line import last_night
from soleus.app.morning import NightSeen, first_night, look_at_night, look_at_nights
from soleus.app.web.form_fields import EARLIEST, Fields, check_night, go_back, notice_of, read_fields
from soleus.app.web.night_words import night_tools
from soleus.app.web.page import NO_SUCH_PAGE, house_of, language_of, page
from soleus.app.web.wire import Refused
from soleus.diary import Diary
from soleus.report.diary_svg import render_clock_svg, render_weeks_svg
from soleus.report.diary_table import tabulate_clock, tabulate_weeks
from soleus.report.language import Language
from soleus.report.svg_canvas import NARROW

router = APIRouter(prefix="/diary")

LONGEST_NAME = 40
MOST_IDS = 200


@router.get("")
def get_diary(request: Request, month: str = "", stretch: str = "12") -> Response:
    """Show a month of nights, and a stretch of them in numbers and pictures."""
    house = house_of(request)
    latest = last_night(house.now(), house.zone())
    shown = _month(month, latest)
    stretch = stretch if stretch in STRETCHES else "12"
    began = first_night(house.diary)
    report = None
    if began is not None and began <= latest:
        first, last = stretch_of(stretch, began, latest)
        told = told_case(house.diary)
        report = report_stretch(house.diary, first, last, evidence=house.session().evidence, age=told.age, sex=told.sex)
    language = language_of(request, house.settings())
    return page(
        request,
        "diary.html",
        month=shown,
        weeks=_weeks(house.diary, shown),
        before=(shown - timedelta(days=1)).replace(day=1) if shown > EARLIEST else None,
        after=_next(shown) if _next(shown) <= latest else None,
        latest=latest,
        began=began,
        stretch=stretch,
        report=report,
        sentences=number_sentences(report)[1:] if report else [],
        change=change_sentences(report) if report else [],
        notice=notice_of(request, house.diary),
        **_pictures(report, language),
        **night_tools(language),
    )


def _month(text: str, latest: date) -> date:
    """Return the first day of a month; the latest one when none is named."""
    if not text:
        return latest.replace(day=1)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Refused(404, [NO_SUCH_PAGE]) from None
    return check_night(first, latest)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _weeks(diary: Diary, month: date) -> list[list[NightSeen | None]]:
    last = _next(month) - timedelta(days=1)
    nights: list[NightSeen | None] = [None] * month.weekday()
    nights += look_at_nights(diary, month, last)
    nights += [None] * (-len(nights) % 7)
    return [nights[i : i + 7] for i in range(0, len(nights), 7)]


def _pictures(report: DiaryReport | None, language: Language) -> dict[str, Any]:
    if report is None:
        return {"pictures": {}, "tables": {}}
    pictures = {
        "weeks": render_weeks_svg(report.weeks, name="weeks", language=language, headed=False),
        "weeks_narrow": render_weeks_svg(
            report.weeks, name="weeks-narrow", language=language, width=NARROW, headed=False
        ),
        "clock": render_clock_svg(report.hours, name="clock", language=language, headed=False),
        "clock_narrow": render_clock_svg(
            report.hours, name="clock-narrow", language=language, width=NARROW, headed=False
        ),
    }
    tables = {"weeks": tabulate_weeks(report.weeks, language), "clock": tabulate_clock(report.hours, language)}
    return {"pictures": pictures, "tables": tables}


@router.get("/night/{night}")
def get_night(request: Request, night: date) -> Response:
    """Show what the diary holds of one night and of the day before it."""
    return _night(request, night)


def _night(request: Request, night: date, *, fields: Fields | None = None) -> Response:
    house = house_of(request)
    latest = last_night(house.now(), house.zone())
    # the day that is running already has circumstances, though its night is still to come
    seen = look_at_night(house.diary, check_night(night, latest + timedelta(days=1)))
    told = {one.name: one for one in seen.factors}
    names = [one for one in followed(house.diary) if one.name not in told]
    rows = [CircumstanceTold(name=one.name, value=one.value, unit=one.unit) for one in seen.factors] + names
    return page(
        request,
        "diary_night.html",
        status=422 if fields is not None else 200,
        seen=seen,
        night=night,
        following=night + timedelta(days=1),
        before=night - timedelta(days=1),
        after=night + timedelta(days=1) if night < latest else None,
        over=night <= latest,
        rows=rows,
        told=fields.told if fields is not None else {},
        wrong=fields.wrong if fields is not None else {},
        suggested=[name for name in SUGGESTED if str(name) not in {one.name for one in rows}],
        notice=notice_of(request, house.diary),
        **night_tools(language_of(request, house.settings())),
    )


@router.post("/night/{night}/circumstances")
async def post_circumstances(request: Request, night: date) -> Response:
    """Keep what is told of the day."""
    house = house_of(request)
    fields = await read_fields(request)
    check_night(night, last_night(house.now(), house.zone()) + timedelta(days=1))
    told = []
    for i, name in enumerate(fields.every("name")):
        unit = fields.text(f"unit{i}", 20)
        value = fields.number(f"value{i}", -1e6, 1e6) if unit else {"yes": 1.0, "no": 0.0}.get(fields.text(f"value{i}"))
        told.append(CircumstanceTold(name=name[:LONGEST_NAME], value=value, unit=unit))
    own = fields.text("own", LONGEST_NAME)
    if own:
        unit = fields.text("own_unit", 20)
        amount = fields.number("own_amount", -1e6, 1e6)
        told.append(CircumstanceTold(name=own, value=1.0 if amount is None else amount, unit=unit))
    if fields.wrong:
        return _night(request, night, fields=fields)
    changed = tell_circumstances(house.diary, night, told, now=house.now(), zone=house.zone())
    return go_back(f"/diary/night/{night}", "/diary", **({"kept": changed} if changed else {}))


@router.post("/remove")
async def post_remove(request: Request) -> Response:
    """Take an entry out of the diary; it can be brought back."""
    house = house_of(request)
    fields = await read_fields(request)
    id = fields.text("id", 64)
    house.diary.remove(id, now=house.now())
    return go_back(fields.text("back", 200), "/diary", gone=id)


@router.post("/undo")
async def post_undo(request: Request) -> Response:
    """Take back the last change of some entries."""
    house = house_of(request)
    fields = await read_fields(request)
    for id in reversed(fields.every("id")[:MOST_IDS]):
        undo_entry(house.diary, id, now=house.now())
    return go_back(fields.text("back", 200), "/diary", undone="yes")
