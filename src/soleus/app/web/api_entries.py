"""The API of the diary: cramps, mornings, circumstances and measurements, each under an id that its maker chose."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from soleus.app.entry_keeping import (
    EpisodeTold,
    FactorChange,
    FactorTold,
    Kept,
    NightTold,
    SampleChange,
    SampleTold,
    Undone,
    change_entry,
    find_entry,
    keep_entry,
    remove_entry,
    undo_entry,
)
from soleus.app.web.page import house_of, language_of
from soleus.app.web.wire import described, sent, taken
from soleus.core.message import Message
from soleus.core.record import Episode, Factor, Night, Sample

router = APIRouter(prefix="/api", tags=["diary"])

SENT_AT = "x-sent-at"
SENT_AT_TOLD = {
    "name": SENT_AT,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": "2026-11-26T03:12:40Z",
    "description": (
        "What the clock of the device says when it sends this. If it differs from the server's by more than ten "
        "minutes, the times of the cramp are moved by the difference. What can't be read is ignored."
    ),
}
_NIGHT, _AT = date(2026, 11, 25), datetime(2026, 11, 26, 3, 12, tzinfo=UTC)
_EXAMPLES: dict[type, tuple[Any, Any]] = {  # of what is recorded, and of a change
    Episode: (
        EpisodeTold(started_at=_AT, recorded_at=_AT, zone="Europe/Berlin", leg="left"),
        EpisodeTold(duration_s=95.0, pain=7, muscle="calf"),
    ),
    Night: (NightTold(night_of=_NIGHT, cramps=0, slept_h=7.5), NightTold(awakenings=2)),
    Factor: (FactorTold(night_of=_NIGHT, name="alcohol", value=1.0), FactorChange(value=0.0)),
    Sample: (
        SampleTold(taken_at=_AT, quantity="calcium", value=2.31, unit="mmol/L", low=2.2, high=2.6),
        SampleChange(value=2.13),
    ),
}


def _add_kind(
    name: str, one: str, kind: type[Episode] | type[Night] | type[Factor] | type[Sample], told: type, changed: type
) -> None:
    """Add the routes of one kind of entry."""
    example, change_example = _EXAMPLES[kind]
    any_kind: Any = kind
    answer: Any = Kept[kind]  # type: ignore[valid-type]
    listing: Any = tuple[kind, ...]  # type: ignore[valid-type]
    of_told: Any = taken(told)
    of_change: Any = taken(changed)
    keeping = described(takes=told, gives=answer, example=example, errors=(409, 413, 415, 422, 503))
    if kind is Episode:
        keeping["openapi_extra"]["parameters"] = [SENT_AT_TOLD]

    def put(request: Request, id: str, body: Any = of_told) -> Response:
        """Record it once. The same id with the same content again is the same entry, however often it is sent.

        The answer is the entry as it is now: a repetition undoes no later correction and brings back nothing that was
        removed (``removed``). Another first content under the same id is refused (409).
        """
        house = house_of(request)

        def tell(message: Message) -> str:
            return language_of(request, house.settings()).tell(message)

        sent_at = _moment(request.headers.get(SENT_AT))
        kept: Any = keep_entry(
            house.diary, kind, id, body, now=house.now(), zone=house.zone(), sent_at=sent_at, tell=tell
        )
        return sent(kept)

    def patch(request: Request, id: str, body: Any = of_change) -> Response:
        """Change the fields that are sent; null takes back what was told. The old content can be brought back."""
        house = house_of(request)
        kept: Any = change_entry(house.diary, kind, id, body, now=house.now())
        return sent(kept)

    def delete(request: Request, id: str) -> Response:
        """Take it out of the diary; again is no error. The undo of entries brings it back."""
        house = house_of(request)
        kept: Any = remove_entry(house.diary, kind, id, now=house.now())
        return sent(kept)

    def get(request: Request, id: str) -> Response:
        """Return it as it is now."""
        return sent(find_entry(house_of(request).diary, any_kind, id))

    def get_all(request: Request, first: date | None = None, last: date | None = None) -> Response:
        """Return those of the nights from first to last (measurements: of the days), all without these."""
        diary = house_of(request).diary
        listed = {Episode: diary.episodes, Night: diary.nights, Factor: diary.factors}
        if kind is Sample:
            return sent(diary.samples(first=first, last=last))
        return sent(listed[kind](first, last))

    path = f"/{name}/{{id}}"
    changing = described(takes=changed, gives=answer, example=change_example, errors=(404, 409, 413, 415, 422, 503))
    for method, function, where, summary, told_of in (
        ("GET", get_all, f"/{name}", f"List {name}", described(gives=listing, errors=(422,))),
        ("GET", get, path, f"Look up a {one}", described(gives=kind, errors=(404,))),
        ("PUT", put, path, f"Record a {one}", keeping),
        ("PATCH", patch, path, f"Change a {one}", changing),
        ("DELETE", delete, path, f"Remove a {one}", described(gives=answer, errors=(404, 503))),
    ):
        router.add_api_route(
            where, function, methods=[method], summary=summary, operation_id=f"{function.__name__}_{name}", **told_of
        )


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


_add_kind("episodes", "cramp", Episode, EpisodeTold, EpisodeTold)
_add_kind("nights", "morning check", Night, NightTold, NightTold)
_add_kind("factors", "circumstance", Factor, FactorTold, FactorChange)
_add_kind("samples", "measurement", Sample, SampleTold, SampleChange)


@router.post("/entries/{id}/undo", summary="Take back the last change", **described(gives=Undone, errors=(404, 503)))
def post_undo(request: Request, id: str) -> Response:
    """Take back the last change of an entry of any kind: a revision, a removal, or its adding."""
    house = house_of(request)
    return sent(undo_entry(house.diary, id, now=house.now()))
