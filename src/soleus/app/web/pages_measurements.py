"""Measurements: what each series says, and entering a result as it stands on the slip."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response

from soleus.app.measurement_entry import (
    MeasurementRead,
    MeasurementTold,
    keep_measurement,
    read_measurement,
    told_again,
)
from soleus.app.measurement_report import report_series
from soleus.app.measurement_series import series_of
from soleus.app.morning import LATE
from soleus.app.sample_note import split_note
from soleus.app.web.form_fields import Fields, go_back, notice_of, read_fields
from soleus.app.web.night_words import night_tools
from soleus.app.web.page import NO_SUCH_PAGE, house_of, language_of, page
from soleus.app.web.wire import Refused
from soleus.core.record import Leg, Posture, Sample, zone_of
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.knowledge.schema import Evidence, Quantity
from soleus.monitoring.ready_protocols import PROTOCOLS
from soleus.report.diary_table import Table
from soleus.report.language import Language
from soleus.report.series_svg import render_series_svg
from soleus.report.svg_canvas import NARROW
from soleus.report.unit_words import shown_unit

router = APIRouter(prefix="/measurements")

FIELDS = ("name", "value", "unit", "low", "high", "day", "clock", "fasting", "posture", "leg", "series", "note")
LEGS: tuple[str, ...] = get_args(Leg)
POSTURES: tuple[str, ...] = get_args(Posture)


@router.get("")
def get_measurements(request: Request) -> Response:
    """List what is measured: the latest value, and whether it has really changed."""
    house = house_of(request)
    evidence = house.session().evidence
    rows = [
        (key, report_series(key, samples, evidence), _local(samples[-1]), samples[-1])
        for key, samples in series_of(house.diary).items()
    ]
    return page(
        request,
        "measurements.html",
        rows=rows,
        shown_unit=shown_unit,
        notice=notice_of(request, house.diary),
    )


@router.get("/add")
def get_add(request: Request, of: str = "") -> Response:
    """Show the form for a result."""
    house = house_of(request)
    known = house.session().evidence.quantities.get(of)
    language = language_of(request, house.settings())
    samples = house.diary.samples(quantity=of) if of else []
    told = {"name": language.tell(known.label) if known else of if samples else "", "id": str(uuid.uuid4())}
    if samples:
        told["unit"] = shown_unit(samples[-1].unit)
    return _form(request, told, of=of)


@router.post("/add")
async def post_add(request: Request) -> Response:
    """Show how a result is read, or keep it."""
    house = house_of(request)
    fields = await read_fields(request)
    id = fields.text("id", 64) or str(uuid.uuid4())
    told, read = _read(request, fields, id)
    asks = not read.known and fields.text("own") != "yes"
    if read.sample is None or fields.text("do") == "show" or asks:
        failed = read.sample is None
        return _form(request, {**fields.told, "id": id}, read=read, asks=asks, status=422 if failed else 200)
    keep_measurement(house.diary, read, told, now=house.now())
    return go_back(_address(read.quantity), "/measurements", kept=[id])


@router.get("/entry/{id}")
def get_entry(request: Request, id: str) -> Response:
    """Show one result for correcting it."""
    sample = _sample(request, id)
    house = house_of(request)
    known = house.session().evidence.quantities.get(sample.quantity)
    language = language_of(request, house.settings())
    again = told_again(sample, language.tell(known.label) if known else sample.quantity)
    told = {name: str(value) for name in FIELDS if (value := getattr(again, name, None)) not in (None, "")}
    told["day"], _, told["clock"] = again.taken.partition("T")
    told["fasting"] = "" if again.fasting is None else "yes" if again.fasting else "no"
    told["unit"] = shown_unit(sample.unit)
    return _form(request, {**told, "id": id}, of=sample.quantity, old=sample)


@router.post("/entry/{id}")
async def post_entry(request: Request, id: str) -> Response:
    """Correct one result."""
    house = house_of(request)
    old = _sample(request, id)
    fields = await read_fields(request)
    _, read = _read(request, fields, id, zone=old.zone)
    asks = not read.known and read.quantity != old.quantity and fields.text("own") != "yes"
    if read.sample is None or fields.text("do") == "show" or asks:
        failed = read.sample is None
        return _form(request, {**fields.told, "id": id}, read=read, asks=asks, old=old, status=422 if failed else 200)
    new = read.sample
    house.diary.revise(_with_moment(new, old), now=house.now())
    return go_back(_address(new.quantity), "/measurements", **({} if new == old else {"kept": [id]}))


def _with_moment(new: Sample, old: Sample) -> Sample:
    """A correction is as old as what it corrects."""
    return msgspec.structs.replace(new, recorded_at=old.recorded_at)


@router.get("/{quantity:path}")
def get_series(request: Request, quantity: str) -> Response:
    """Show one series: its picture, what it says, and each result."""
    house = house_of(request)
    samples = house.diary.samples(quantity=quantity)
    if not samples:
        raise Refused(404, [NO_SUCH_PAGE])
    language = language_of(request, house.settings())
    evidence = house.session().evidence
    report = report_series(quantity, samples, evidence)
    return page(
        request,
        "measurement.html",
        quantity=quantity,
        known=evidence.quantities.get(quantity),
        report=report,
        picture_wide=render_series_svg(report.view, name="series", language=language, headed=False),
        picture_narrow=render_series_svg(
            report.view, name="series-narrow", language=language, width=NARROW, headed=False
        ),
        table=_twin(samples, language),
        samples=list(reversed(samples)),
        local=_local,
        split_note=split_note,
        written_later=_written_later,
        shown_unit=shown_unit,
        here=_address(quantity),
        notice=notice_of(request, house.diary),
    )


def _twin(samples: list[Sample], language: Language) -> Table:
    """Each result as told, with the limits of its laboratory and a mark where it was written down later."""
    rows = []
    for one in samples:
        limits = [language.number(limit, ".6g") if limit is not None else "" for limit in (one.low, one.high)]
        value = f"{split_note(one.note)[1] or language.number(one.value, '.6g')} {shown_unit(one.unit)}".strip()
        mark = language.say("written down later") if _written_later(one) else ""
        rows.append((language.day(_local(one)), value, *limits, mark))
    heads = (language.say("day"), language.say("value"), language.say("lower limit"), language.say("upper limit"))
    return Table(language.say("All results"), (*heads, language.say("mark")), tuple(rows))


def _local(sample: Sample) -> datetime:
    return sample.taken_at.astimezone(zone_of(sample.zone))


def _written_later(sample: Sample) -> bool:
    """A result on paper is not remembered but copied; the mark only says that it was not written down at once."""
    return sample.recorded_at > sample.taken_at + LATE


def _sample(request: Request, id: str) -> Sample:
    found = house_of(request).diary.find([id]).get(id)
    if not isinstance(found, Sample):
        raise Refused(404, [NO_SUCH_PAGE])
    return found


def _address(quantity: str) -> str:
    return f"/measurements/{quote(quantity, safe='')}"


def _read(request: Request, fields: Fields, id: str, zone: str = "") -> tuple[MeasurementTold, MeasurementRead]:
    house = house_of(request)
    language = language_of(request, house.settings())
    evidence = house.session().evidence
    name = fields.text("name", 200)
    day, clock = fields.text("day", 20), fields.text("clock", 10)
    told = MeasurementTold(
        name=_names(evidence, language).get(name.casefold(), name),
        value=fields.text("value", 60),
        unit=fields.text("unit", 40),
        low=fields.text("low", 40),
        high=fields.text("high", 40),
        taken=f"{day}T{clock}" if day and clock else day,
        zone=zone,
        fasting=fields.yes("fasting"),
        posture=fields.one_of("posture", POSTURES),  # type: ignore[arg-type]
        leg=fields.one_of("leg", LEGS),  # type: ignore[arg-type]
        series=fields.text("series", 60),
        note=fields.text("note"),
    )
    index = LaboratoryIndex(evidence.quantities)
    comma = language.code == "de"
    return told, read_measurement(told, index, id=id, now=house.now(), zone=house.zone(), decimal_comma=comma)


def _names(evidence: Evidence, language: Language) -> dict[str, str]:
    """Names of tests in the language of the page, and the one by which the evidence base finds each."""
    found = {}
    for key, quantity in evidence.quantities.items():
        for label in (quantity.label, language.tell(quantity.label)):
            found[label.casefold()] = key.replace("_", " ")
    return found


def _form(
    request: Request,
    told: dict[str, str],
    *,
    read: MeasurementRead | None = None,
    asks: bool = False,
    of: str = "",
    old: Sample | None = None,
    status: int = 200,
) -> Response:
    house = house_of(request)
    evidence = house.session().evidence
    language = language_of(request, house.settings())
    key = read.quantity if read is not None and read.known else of
    chosen = evidence.quantities.get(key)
    wrong: dict[str, list[Any]] = {}
    for problem in read.problems if read is not None else ():
        wrong.setdefault(_field(problem.where), []).append(problem)
    today = house.now().astimezone(zone_of(house.zone())).date()
    return page(
        request,
        "measurement_form.html",
        status=status,
        told=told,
        read=read,
        wrong=wrong,
        failed=read is not None and read.sample is None,
        asks=asks,
        old=old,
        today=today,
        names=sorted({language.tell(one.label) for one in evidence.quantities.values()}),
        units=_units(chosen) if chosen else _usual_units(evidence),
        protocols=sorted(PROTOCOLS),
        back=_address(old.quantity) if old else _address(of) if of else "/measurements",
        **night_tools(language),
    )


def _field(where: str) -> str:
    """The field of the form that a problem belongs to."""
    name = where.rpartition(".")[2]
    name = {"time": "day", "taken_at": "day", "quantity": "name"}.get(name, name)
    return name if name in FIELDS else "value"


def _units(quantity: Quantity) -> list[str]:
    return list(dict.fromkeys(_as_printed(unit) for unit in (quantity.unit, *quantity.units) if not unit.endswith("?")))


@lru_cache(maxsize=4)
def _usual(units: tuple[str, ...]) -> list[str]:
    return sorted({_as_printed(unit) for unit in units} - {""}, key=str.casefold)


def _usual_units(evidence: Evidence) -> list[str]:
    return _usual(tuple(unit for one in evidence.quantities.values() for unit in (one.unit, *list(one.units)[:2])))


def _as_printed(unit: str) -> str:
    """A unit in the letters of most slips: the evidence base keeps some in small letters."""
    return re.sub(r"(?<=[/dmun])l\b|(?<=/)l\b", "L", shown_unit(unit)).replace("meq", "mEq").replace("iu/", "IU/")
