"""Settings, backup, export, import, erasing, devices and audit, for programs."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from soleus.app.keeping import BackupTold, Soundness, back_up_now, check_soundness, import_zip, list_backups
from soleus.app.web.access import PIN_S, only_here
from soleus.app.web.guard import MOST_FORM_BYTES
from soleus.app.web.house import Settings
from soleus.app.web.page import house_of
from soleus.app.web.pages_link import end_link, keep_token, link
from soleus.app.web.pages_settings import erase_house, send_export
from soleus.app.web.wire import Refused, described, read_body, refuse, sent, taken
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.diary import AuditRow, Device, list_audit, list_devices, revoke_device

router = APIRouter(prefix="/api")
HERE_ONLY = [Depends(only_here)]
ZIP = "application/zip"


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The word that confirms erasing: "erase"."""

    word: str


class Erased(msgspec.Struct, frozen=True):
    """What is left: nothing."""

    erased: bool


class PinTold(msgspec.Struct, frozen=True):
    """A PIN that links one device, and for how many seconds."""

    pin: str
    valid_s: float


class Linking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The PIN that is shown on the computer, and what the device is to be called."""

    pin: Annotated[str, msgspec.Meta(max_length=200)]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import brought in; ``problems`` are warnings and notes."""

    new: int
    same: int
    documents: int
    problems: tuple[Problem, ...]


class DeviceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A device that was linked once; ``let_in`` tells whether it still may come in."""

    id: str
    name: str
    linked_at: datetime
    last_seen_at: datetime
    let_in: bool


def _device(one: Device, now: datetime) -> DeviceTold:
    return DeviceTold(
        id=one.id,
        name=one.name,
        linked_at=one.linked_at,
        last_seen_at=one.last_seen_at,
        let_in=one.is_let_in(now),
    )


def _file(description: str, kind: str) -> dict[int | str, dict[str, Any]]:
    content = {kind: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": description, "content": content}}


@router.get("/settings", tags=["settings"], summary="How the person wants the pages", **described(gives=Settings))
def get_settings(request: Request) -> Response:
    """Return the settings."""
    return sent(house_of(request).settings())


@router.put(
    "/settings",
    tags=["settings"],
    summary="Change how the pages look",
    **described(takes=Settings, gives=Settings, example=Settings(language="de", text="large"), errors=(413, 415, 422)),
)
def put_settings(request: Request, told: Settings = taken(Settings)) -> Response:  # noqa: B008
    """Keep the settings; what is left out is as usual again."""
    house_of(request).keep_settings(told)
    return sent(told)


@router.get(
    "/backups",
    tags=["keeping"],
    summary="All sound backups, the newest first",
    **described(gives=tuple[BackupTold, ...]),
)
def get_backups(request: Request) -> Response:
    """Open and compare every backup, and return those that can be relied on."""
    return sent(list_backups(house_of(request).diary))


@router.post(
    "/backups",
    tags=["keeping"],
    summary="Make a backup and verify it",
    **described(gives=BackupTold, errors=(422, 503)),
)
def post_backup(request: Request) -> Response:
    """Return the backup that was made; it was opened and is equal to the diary."""
    house = house_of(request)
    return sent(back_up_now(house.diary, house.now()))


@router.post("/check", tags=["keeping"], summary="Is everything sound?", **described(gives=Soundness))
def post_check(request: Request) -> Response:
    """Read the whole diary, its audit and its newest backup."""
    house = house_of(request)
    return sent(check_soundness(house.diary, house.now()))


_export = described()
_export["responses"] |= _file("Everything, as CSV, JSON and SQLite in one ZIP file", ZIP)


@router.get("/export", tags=["keeping"], summary="Take everything out", response_class=Response, **_export)
def get_export(request: Request) -> Response:
    """Return everything as one ZIP file."""
    return send_export(house_of(request))


_import = described(gives=Imported, errors=(408, 413, 415, 422))
_import["openapi_extra"] = {
    "requestBody": {"required": True, "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/import", tags=["keeping"], summary="Bring an export in", **_import)
async def post_import(request: Request) -> Response:
    """Bring in the ZIP file of an export: all of it or nothing."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != ZIP:
        raise refuse(
            415,
            "not_zip",
            "content-type",
            say("the body is not called a ZIP file"),
            say("it can't be read"),
            say("send it as {kind}", kind=ZIP),
        )
    house, body = house_of(request), await read_body(request, MOST_FORM_BYTES)
    added = await run_in_threadpool(import_zip, house.diary, BytesIO(body), house.now())
    if any(one.level == "error" for one in added.problems):
        raise Refused(422, added.problems)
    return sent(Imported(new=added.new, same=added.same, documents=added.documents, problems=added.problems))


@router.post(
    "/erase",
    tags=["keeping"],
    summary="Erase everything (this computer only)",
    dependencies=HERE_ONLY,
    **described(takes=Word, gives=Erased, example=Word("erase"), errors=(413, 415, 422)),
)
def post_erase(request: Request, told: Word = taken(Word)) -> Response:  # noqa: B008
    """Erase the diary, its history, all documents, devices, audit and backups. There is no way back."""
    erase_house(house_of(request), told.word)
    return sent(Erased(True))


@router.get(
    "/devices",
    tags=["devices"],
    summary="All devices that were ever linked (this computer only)",
    dependencies=HERE_ONLY,
    **described(gives=tuple[DeviceTold, ...]),
)
def get_devices(request: Request) -> Response:
    """Return the devices; their tokens are not kept."""
    house = house_of(request)
    return sent(tuple(_device(one, house.now()) for one in list_devices(house.diary)))


@router.delete(
    "/devices/{id}",
    tags=["devices"],
    summary="Shut a device out at once (this computer only)",
    dependencies=HERE_ONLY,
    **described(gives=DeviceTold, errors=(404, 422)),
)
def delete_device(request: Request, id: str) -> Response:
    """Return the device that is shut out now."""
    house = house_of(request)
    return sent(_device(revoke_device(house.diary, id, now=house.now()), house.now()))


@router.post(
    "/pin",
    tags=["devices"],
    summary="A new PIN for linking a device (this computer only)",
    dependencies=HERE_ONLY,
    **described(gives=PinTold, errors=(409,)),
)
def post_pin(request: Request) -> Response:
    """Return a new PIN; the one before is void."""
    house = house_of(request)
    if not house.links_devices:
        raise refuse(
            409,
            "no_devices",
            "server",
            say("Soleus answers on this computer only"),
            say("no device can reach it"),
            say("start it with: soleus serve --lan"),
        )
    return sent(PinTold(house.access.renew().digits, PIN_S))


@router.post(
    "/link",
    tags=["devices"],
    summary="Link this device by the PIN; the token comes as a cookie",
    **described(takes=Linking, gives=DeviceTold, example=Linking("12345678", "my phone"), errors=(413, 415, 422, 429)),
)
def post_link(request: Request, told: Linking = taken(Linking)) -> Response:  # noqa: B008
    """Return the device; its cookie is to be sent with every call."""
    device, token = link(request, told.pin, told.name)
    response = sent(_device(device, house_of(request).now()))
    keep_token(request, response, token)
    return response


@router.post(
    "/unlink", tags=["devices"], summary="End the link of this device", **described(gives=DeviceTold, errors=(409,))
)
def post_unlink(request: Request) -> Response:
    """Return the device that is shut out now."""
    device = end_link(request)
    if device is None:
        raise refuse(
            409,
            "not_a_device",
            "device",
            say("this computer needs no link"),
            say("there is none to end"),
            say("nothing need be done"),
        )
    return sent(_device(device, house_of(request).now()))


@router.get(
    "/audit",
    tags=["devices"],
    summary="Who read and wrote over the network, the newest first (this computer only)",
    dependencies=HERE_ONLY,
    **described(gives=tuple[AuditRow, ...]),
)
def get_audit(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> Response:
    """Return the newest rows."""
    house = house_of(request)
    house.auditor.flush()
    return sent(tuple(list_audit(house.diary, limit)))
