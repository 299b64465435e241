"""The morning page: how a night was, in half a minute; also for a night that was forgotten."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from fastapi import APIRouter, Request, Response

from soleus.app.log_line import last_night
from soleus.app.morning import (
    CrampTold,
    MorningKept,
    MorningTold,
    NightSeen,
    look_at_night,
    missing_nights,
    night_to_tell,
    tell_night,
    tell_none,
)
from soleus.app.web.form_fields import Fields, check_night, go_back, notice_of, read_fields
from soleus.app.web.night_words import night_tools
from soleus.app.web.page import house_of, language_of, page
from soleus.core.message import say
from soleus.core.record import LONGEST_CRAMP_S, MOST_CRAMPS_A_NIGHT, Episode, Leg, Muscle, zone_of

router = APIRouter(prefix="/morning")

BLOCKS = 5  # choice: so many cramps can be told one by one in the morning; more are counted
LEGS: tuple[str, ...] = get_args(Leg)
MUSCLES: tuple[str, ...] = get_args(Muscle)


@dataclass(frozen=True)
class Block:
    """The fields of one cramp; ``logged`` is None for one that is told only now."""

    number: int
    id: str
    logged: Episode | None
    started: str


@router.get("")
def get_morning(request: Request) -> Response:
    """Ask how last night was."""
    house = house_of(request)
    return _morning(request, night_to_tell(house.now(), house.zone()))


@router.get("/{night}")
def get_morning_of(request: Request, night: date, apart: str = "") -> Response:
    """Ask how a night was."""
    return _morning(request, night, apart=apart)


def _morning(
    request: Request, night: date, *, apart: str = "", fields: Fields | None = None, kept: MorningKept | None = None
) -> Response:
    house = house_of(request)
    now, zone = house.now(), house.zone()
    seen = look_at_night(house.diary, check_night(night, last_night(now, zone)))
    told = fields.told if fields is not None else _as_told(seen)
    problems = kept.problems if kept is not None else ()
    wrong = dict(fields.wrong) if fields is not None else {}
    blocks = _blocks(seen, told)
    return page(
        request,
        "morning.html",
        status=422 if problems or wrong else 200,
        problems=problems,
        seen=seen,
        night=night,
        is_last=night == night_to_tell(now, zone),
        missing=[one for one in missing_nights(house.diary, now, zone) if one != night],
        pairs=[] if seen.told else [pair for pair in seen.close_pairs if pair[1].id != apart],
        told=told,
        wrong=wrong,
        blocks=blocks,
        new_id=told.get("id") or str(uuid.uuid4()),
        notice=notice_of(request, house.diary),
        **night_tools(language_of(request, house.settings())),
    )


def _blocks(seen: NightSeen, told: dict[str, str]) -> list[Block]:
    """The logged cramps, then empty ones up to `BLOCKS`; their ids come back with the form, so that twice is once."""
    blocks = []
    for i, one in enumerate(seen.episodes):
        started = one.started_at.astimezone(zone_of(one.zone)).strftime("%H:%M") if one.started_at else ""
        blocks.append(Block(i + 1, one.id, one, started))
    known = {one.id for one in seen.episodes}
    for i in range(len(blocks), BLOCKS):
        id = told.get(f"c{i + 1}_id", "")
        blocks.append(Block(i + 1, id if id and id not in known else str(uuid.uuid4()), None, ""))
    return blocks


def _as_told(seen: NightSeen) -> dict[str, str]:
    """Return what is known of a night as a form would send it."""
    told: dict[str, str] = {}
    check = seen.check
    count = seen.cramps
    if count is not None:
        told["cramps"] = str(count) if count <= BLOCKS else "more"
        told["many"] = str(count) if count > BLOCKS else ""
    if check is not None:
        for name in ("slept_h", "quality", "awakenings"):
            value = getattr(check, name)
            told[name] = "" if value is None else f"{value:g}"
        told["note"] = check.note
    for i, one in enumerate(seen.episodes):
        start = f"c{i + 1}_"
        told[start + "pain"] = "" if one.pain is None else str(one.pain)
        told[start + "leg"], told[start + "muscle"] = one.leg or "", one.muscle or ""
        for name in ("woke", "sore_next_day"):
            value = getattr(one, name)
            told[start + name] = "" if value is None else "yes" if value else "no"
        told[start + "minutes"] = "" if one.duration_s is None else f"{one.duration_s / 60:.3g}"
    return told


@router.post("/{night}/none")
async def post_none(request: Request, night: date) -> Response:
    """Keep that there were no cramps: one tap."""
    house = house_of(request)
    fields = await read_fields(request)
    check_night(night, last_night(house.now(), house.zone()))
    kept = tell_none(
        house.diary,
        night,
        id=fields.text("id", 64) or str(uuid.uuid4()),
        now=house.now(),
        zone=house.zone(),
        remove_logged=fields.text("remove") == "yes",
    )
    return _after(request, night, kept)


@router.post("/{night}/one")
async def post_one(request: Request, night: date) -> Response:
    """Take two cramps that were logged within minutes as one: the second is removed."""
    house = house_of(request)
    fields = await read_fields(request)
    seen = look_at_night(house.diary, check_night(night, last_night(house.now(), house.zone())))
    id = fields.text("id", 64)
    if id in {second.id for _, second in seen.close_pairs}:
        house.diary.remove(id, now=house.now())
        return go_back(f"/morning/{night}", "/morning", gone=id)
    return go_back(f"/morning/{night}", "/morning")


@router.post("/{night}")
async def post_morning(request: Request, night: date) -> Response:
    """Keep what is told of a night."""
    house = house_of(request)
    fields = await read_fields(request)
    seen = look_at_night(house.diary, check_night(night, last_night(house.now(), house.zone())))
    told = _read(fields, seen)
    if fields.wrong:
        return _morning(request, night, fields=fields)
    kept = tell_night(house.diary, night, told, now=house.now(), zone=house.zone())
    return _after(request, night, kept, fields)


def _after(request: Request, night: date, kept: MorningKept, fields: Fields | None = None) -> Response:
    if any(problem.code == "cramps_logged" for problem in kept.problems):
        seen = look_at_night(house_of(request).diary, night)
        new_id = str(uuid.uuid4())
        tools = night_tools(language_of(request, house_of(request).settings()))
        return page(request, "morning_conflict.html", status=409, seen=seen, night=night, new_id=new_id, **tools)
    if kept.problems:
        return _morning(request, night, fields=fields, kept=kept)
    return go_back(f"/morning/{night}/kept", "/morning", changed=list(kept.changed))


def _read(fields: Fields, seen: NightSeen) -> MorningTold:
    chosen = fields.text("cramps")
    if chosen == "more":
        cramps = fields.whole("many", BLOCKS + 1, MOST_CRAMPS_A_NIGHT)
        if cramps is None and "many" not in fields.wrong:
            fields.wrong["many"] = say("How many were there?")
    else:
        cramps = int(chosen) if chosen in {str(n) for n in range(BLOCKS + 1)} else None
    known = {one.id for one in seen.episodes}
    shown = BLOCKS if cramps is None else min(cramps, BLOCKS)
    details = []
    for number in range(1, max(BLOCKS, len(known)) + 1):
        id = fields.text(f"c{number}_id", 64)
        if id and (id in known or number <= shown):
            details.append(_cramp(fields, f"c{number}_", id))
    return MorningTold(
        id=fields.text("id", 64) or str(uuid.uuid4()),
        cramps=cramps,
        slept_h=fields.number("slept_h", 0, 24),
        quality=fields.whole("quality", 0, 10),
        awakenings=fields.whole("awakenings", 0, 100),
        note=fields.text("note"),
        details=tuple(details),
    )


def _cramp(fields: Fields, start: str, id: str) -> CrampTold:
    minutes = fields.number(start + "minutes", 0, LONGEST_CRAMP_S / 60)
    return CrampTold(
        id=id,
        leg=fields.one_of(start + "leg", LEGS),  # type: ignore[arg-type]
        muscle=fields.one_of(start + "muscle", MUSCLES),  # type: ignore[arg-type]
        pain=fields.whole(start + "pain", 0, 10),
        woke=fields.yes(start + "woke"),
        sore_next_day=fields.yes(start + "sore_next_day"),
        duration_s=None if minutes is None else round(minutes * 60, 1),
        remove=fields.text(start + "remove") == "yes",
    )


@router.get("/{night}/kept")
def get_kept(request: Request, night: date) -> Response:
    """Say what was kept of a night, with a way back."""
    house = house_of(request)
    now, zone = house.now(), house.zone()
    seen = look_at_night(house.diary, check_night(night, last_night(now, zone)))
    ids = request.query_params.getlist("changed")[: 2 * MOST_CRAMPS_A_NIGHT]
    here = {one.id for one in (*seen.episodes, *seen.checks)}
    return page(
        request,
        "morning_kept.html",
        seen=seen,
        night=night,
        following=night + timedelta(days=1),
        changed=ids,
        removed=[id for id in ids if id not in here],
        missing=[one for one in missing_nights(house.diary, now, zone) if one != night],
        notice=notice_of(request, house.diary),
        **night_tools(language_of(request, house.settings())),
    )
