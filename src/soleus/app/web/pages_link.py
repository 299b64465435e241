"""Linking a phone: the PIN from the computer in exchange for a token that this browser keeps."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from soleus.app.web.access import DEVICE_COOKIE, caller_of, known_device
from soleus.app.web.guard import COOKIE_S, rename_browser
from soleus.app.web.page import go_to, house_of, page
from soleus.app.web.wire import Refused
from soleus.diary import Device, link_device, revoke_device

router = APIRouter()


@router.get("/link")
def get_link(request: Request) -> Response:
    """Ask for the PIN; who is let in already has nothing to do here."""
    role = caller_of(request).role
    if role != "stranger":
        return go_to("/settings#devices" if role == "here" else "/")
    return page(request, "link.html", name="")


@router.post("/link")
async def post_link(request: Request) -> Response:
    """Link this device when the PIN is right."""
    form = await request.form()
    pin, name = (str(form.get(field) or "")[:200] for field in ("pin", "name"))
    try:
        _, token = await run_in_threadpool(link, request, pin, name)
    except Refused as refused:
        response = page(request, "link.html", status=refused.status, problems=refused.problems, name=name)
        response.headers.update(refused.headers)
        return response
    response = go_to("/")
    keep_token(request, response, token)
    return response


def link(request: Request, pin: str, name: str) -> tuple[Device, str]:
    """Return the device that is linked now, and its token.

    Raises
    ------
    Refused
        The PIN is wrong or too old, or there were too many wrong ones.
    """
    house, caller = house_of(request), caller_of(request)
    house.access.use(pin, caller.source)
    before = known_device(request, house)
    if before is not None:
        revoke_device(house.diary, before.id, now=house.now())
    device, token = link_device(house.diary, name, now=house.now())
    request.state.audit_action, request.state.audit_who = "link", device.id
    return device, token


def keep_token(request: Request, response: Response, token: str) -> None:
    """Give the browser its token, out of reach of scripts and of other sites, and a new name."""
    rename_browser(request)
    secure = "; Secure" if caller_of(request).secure else ""
    response.headers.append(
        "set-cookie", f"{DEVICE_COOKIE}={token}; Path=/; Max-Age={COOKIE_S}; HttpOnly; SameSite=Strict{secure}"
    )


@router.post("/unlink")
def post_unlink(request: Request) -> Response:
    """End the link of this device itself."""
    end_link(request)
    return go_to("/link")


def end_link(request: Request) -> Device | None:
    """Shut out the device that asks for it; this computer has no link to end."""
    house, caller = house_of(request), caller_of(request)
    if caller.device is None:
        return None
    request.state.audit_action = "revoke"
    return revoke_device(house.diary, caller.device.id, now=house.now())
