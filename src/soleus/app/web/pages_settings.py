"""Settings: how the pages look, and what makes the record the person's own: backup, export, devices, erase."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from soleus.app.keeping import (
    ERASE_WORD,
    back_up_now,
    backup_state,
    check_soundness,
    erase_all,
    export_zip,
    import_zip,
)
from soleus.app.web.access import caller_of, only_here
from soleus.app.web.house import House, Settings
from soleus.app.web.page import go_to, house_of, language_of, page
from soleus.app.web.wire import refuse
from soleus.core.message import say
from soleus.core.record import zone_of
from soleus.core.version import __version__
from soleus.diary import DiaryError, check_audit, list_audit, list_devices, revoke_device

router = APIRouter()
HERE_ONLY = [Depends(only_here)]
MOST_SHOWN = 50  # choice: problems of an import; who has more mends the first ones first
AUDIT_SHOWN = 200
ZIPPED = 1 << 16
DONE = ("saved", "backed_up", "unlinked", "new_pin")


@router.get("/settings")
def get_settings(request: Request, done: str = "") -> Response:
    """Show all settings, how the diary is kept, and the linked devices."""
    return _settings_page(request, done=done if done in DONE else "")


def _settings_page(request: Request, *, status: int = 200, **more: Any) -> Response:
    house, now = house_of(request), house_of(request).now()
    here = caller_of(request).role == "here"
    zone = zone_of(house.zone())
    context: dict[str, Any] = {
        "done": "",
        "soundness": None,
        "imported": None,
        "here": here,
        "local": lambda at: at.astimezone(zone),
        "zone": house.zone(),
        "backup": backup_state(house.diary, now),
        "age_days": _age_days,
        "now": now,
        "folder": str(house.diary.path.parent) if house.diary.path is not None and here else "",
        "links_devices": house.links_devices,
        "devices": [one for one in list_devices(house.diary) if one.is_let_in(now)] if here else [],
        "addresses": house.addresses,
        "pin": house.access.pin() if here else None,
        "code": qr_code(house.addresses[0]) if here and house.addresses else "",
        "started_at": house.started_at,
        "software": __version__,
        "evidence": _release(house),
        "system": f"Python {platform.python_version()}",
    }
    return page(request, "settings.html", status=status, **{**context, **more})


def _age_days(made_at: datetime | None, now: datetime) -> int:
    return max(0, (now - (made_at or datetime(1970, 1, 1, tzinfo=UTC))).days)


def _release(house: House) -> str:
    return str(house.session().evidence.release.version)


def qr_code(address: str) -> str:
    """Return an address as a picture (SVG) that the camera of a phone reads; it holds the address, never the PIN."""
    import segno

    code = segno.make(address, error="m", micro=False)
    return str(code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff", dark="#000"))


@router.post("/settings")
async def post_settings(request: Request) -> Response:
    """Keep what was chosen."""
    form = await request.form()
    given: dict[str, Any] = {name: value for name, value in form.items() if name in Settings.__struct_fields__}
    given |= {name: name in form for name in ("speak", "vibrate")}
    try:
        settings = msgspec.convert(given, Settings)
    except msgspec.ValidationError:
        raise refuse(
            422,
            "bad_setting",
            "settings",
            say("one of the settings can't be chosen"),
            say("nothing was changed"),
            say("choose again"),
        ) from None
    await run_in_threadpool(house_of(request).keep_settings, settings)
    return go_to("/settings?done=saved")


@router.post("/settings/backup")
def post_backup(request: Request) -> Response:
    """Make a backup and verify it."""
    house = house_of(request)
    back_up_now(house.diary, house.now())
    return go_to("/settings?done=backed_up")


@router.post("/settings/check")
def post_check(request: Request) -> Response:
    """Look through the diary and its newest backup."""
    house = house_of(request)
    return _settings_page(request, soundness=check_soundness(house.diary, house.now()))


@router.get("/settings/export")
def get_export(request: Request) -> Response:
    """Hand out everything as one ZIP file."""
    return send_export(house_of(request))


def send_export(house: House) -> Response:
    """Return the export as a download; the copy it is read from is gone afterwards, also when the line breaks."""
    packed = export_zip(house.diary)

    def blocks() -> Any:
        with packed:
            while block := packed.read(ZIPPED):
                yield block

    name = f"soleus-export-{house.now().astimezone(zone_of(house.zone())):%Y-%m-%d}.zip"
    return StreamingResponse(
        blocks(), media_type="application/zip", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


@router.post("/settings/import")
async def post_import(request: Request) -> Response:
    """Bring an export in."""
    house = house_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        given = form.get("file")
        content = await given.read() if isinstance(given, UploadFile) else b""
    added = await run_in_threadpool(import_zip, house.diary, BytesIO(content), house.now())
    failed = any(one.level == "error" for one in added.problems)
    return cast(
        Response,
        await run_in_threadpool(
            _settings_page,
            request,
            status=422 if failed else 200,
            imported=None if failed else added,
            problems=added.problems[:MOST_SHOWN],
        ),
    )


@router.get("/settings/erase", dependencies=HERE_ONLY)
def get_erase(request: Request) -> Response:
    """Ask for the word that erases everything."""
    house = house_of(request)
    return page(request, "settings_erase.html", counts=house.diary.counts())


@router.post("/settings/erase", dependencies=HERE_ONLY)
async def post_erase(request: Request) -> Response:
    """Erase everything when the word is right."""
    house = house_of(request)
    word = (await request.form()).get("word")
    language = await run_in_threadpool(lambda: language_of(request, house.settings()))
    try:
        await run_in_threadpool(erase_house, house, word if isinstance(word, str) else "", (language.say("erase"),))
    except DiaryError as error:
        counts = await run_in_threadpool(house.diary.counts)
        return page(request, "settings_erase.html", status=422, problems=error.problems, counts=counts)
    response = go_to("/settings/erased")
    response.headers["clear-site-data"] = '"cache", "storage"'  # what a page kept in this browser goes, too
    return response


def erase_house(house: House, word: str, words: tuple[str, ...] = (ERASE_WORD,)) -> None:
    """Erase everything, also what waits to be written."""
    erase_all(house.diary, word, words=words)
    house.auditor.forget()


@router.get("/settings/erased", dependencies=HERE_ONLY)
def get_erased(request: Request) -> Response:
    """Say that everything is erased, if it is."""
    if any(house_of(request).diary.counts().values()):
        return go_to("/settings")
    return page(request, "settings_erased.html")


@router.post("/settings/pin", dependencies=HERE_ONLY)
def post_pin(request: Request) -> Response:
    """Make a new PIN."""
    house = house_of(request)
    if house.links_devices:
        house.access.renew()
    return go_to("/settings?done=new_pin#devices")


@router.post("/settings/devices/{id}/remove", dependencies=HERE_ONLY)
def post_remove_device(request: Request, id: str) -> Response:
    """Shut a device out at once."""
    revoke_device(house_of(request).diary, id, now=house_of(request).now())
    return go_to("/settings?done=unlinked#devices")


@router.get("/settings/audit", dependencies=HERE_ONLY)
def get_audit(request: Request) -> Response:
    """Show who read and wrote over the network."""
    house = house_of(request)
    house.auditor.flush()
    broken = check_audit(house.diary)
    zone = zone_of(house.zone())
    return page(
        request,
        "settings_audit.html",
        rows=list_audit(house.diary, AUDIT_SHOWN),
        names={one.id: one.name for one in list_devices(house.diary)},
        local=lambda at: at.astimezone(zone),
        shown=AUDIT_SHOWN,
        problems=(broken,) if broken is not None else (),
    )


@router.get("/api/docs")
def get_api_docs(request: Request) -> Response:
    """List the calls of the API, made from its description."""
    told = request.app.openapi()
    calls = [
        {
            "method": method.upper(),
            "path": path,
            "summary": call.get("summary", ""),
            "description": call.get("description", ""),
            "example": _example(call),
            "takes": _takes(call),
        }
        for path, methods in told["paths"].items()
        for method, call in methods.items()
    ]
    return page(request, "api_docs.html", calls=calls, about=told["info"]["description"])


def _takes(call: dict[str, Any]) -> str:
    return ", ".join(call.get("requestBody", {}).get("content", {}))


def _example(call: dict[str, Any]) -> str:
    for content in call.get("requestBody", {}).get("content", {}).values():
        if "example" in content:
            return msgspec.json.format(msgspec.json.encode(content["example"]), indent=2).decode()
    return ""
