"""The API of the diary in numbers, and of the nights that are not told yet."""

from __future__ import annotations

from datetime import date

import msgspec
from fastapi import APIRouter, Request, Response

from soleus.app.diary_report import DiaryReport
from soleus.app.diary_stretch import LONGEST_DAYS, days_back, report_stretch, stretch_of
from soleus.app.diary_words import change_sentences, number_sentences
from soleus.app.interview_record import told_case
from soleus.app.log_line import last_night
from soleus.app.morning import SHOWN_NIGHTS, first_night, missing_nights, night_to_tell
from soleus.app.web.page import house_of
from soleus.app.web.wire import described, refuse, sent

router = APIRouter(prefix="/api", tags=["diary"])


class DiaryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a stretch of nights, and the same in sentences; both are None and empty for an empty diary."""

    report: DiaryReport | None
    says: tuple[str, ...]


class MissingNights(msgspec.Struct, frozen=True, kw_only=True):
    """The night that "last night" means now, and those of the last two weeks that are not told, the newest first."""

    last_night: date
    missing: tuple[date, ...]


@router.get("/diary", summary="The diary in numbers", **described(gives=DiaryAnswer))
def get_diary(request: Request, first: date | None = None, last: date | None = None) -> Response:
    """Return cramps per week with interval, every night, the clock, changes and what goes with them.

    Left out, `last` is last night and `first` lies twelve weeks before it, or where the diary begins.
    """
    house = house_of(request)
    latest = last_night(house.now(), house.zone())
    began = first_night(house.diary)
    if began is None or began > latest:
        return sent(DiaryAnswer(report=None, says=()))
    end = min(last or latest, latest)
    start = stretch_of("12", began, end)[0] if first is None else max(first, days_back(end, LONGEST_DAYS))
    if start > end:
        raise refuse(422, "bad_date", "first", f"{start} is after {end}", "no night lies between", "give earlier days")
    told = told_case(house.diary)
    report = report_stretch(house.diary, start, end, evidence=house.session().evidence, age=told.age, sex=told.sex)
    people = () if report.people is None else (report.people.says,)
    says = (*number_sentences(report), report.clock.says, *people, *change_sentences(report))
    triggers = tuple(found.says for found in report.triggers.shown)
    return sent(DiaryAnswer(report=report, says=(*says, *triggers)))


@router.get("/nights/missing", summary="Nights that are not told yet", **described(gives=MissingNights))
def get_missing(request: Request) -> Response:
    """Return the nights of which the number of cramps is not known; they are not free of cramps."""
    house = house_of(request)
    now, zone = house.now(), house.zone()
    missing = missing_nights(house.diary, now, zone, SHOWN_NIGHTS)
    return sent(MissingNights(last_night=night_to_tell(now, zone), missing=tuple(missing)))
