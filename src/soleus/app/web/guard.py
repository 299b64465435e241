"""Who may ask, from where, and what a browser may do with the answer.

The server listens on this computer. A page of another site can still make a browser ask here, under this or (with a
name of its own that points to 127.0.0.1) another name, so every request must name a host that is ours, and every
request that changes something must come from a page of ours and carry its token. Over the home network only devices
that were linked are answered.

It is plain ASGI and the outermost layer of ours, so that every answer passes through it, also those to errors.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soleus.app.web.access import Caller, caller_at_door, caller_of, known_device
from soleus.app.web.body import (
    MULTIPART,
    URL_ENCODED,
    bounded,
    form_token,
    nothing_more,
    refused_length,
    replayed,
    too_long,
    whole_body,
)
from soleus.app.web.faults import tell_fault
from soleus.app.web.house import House
from soleus.app.web.wire import MOST_BYTES, Refused, refuse
from soleus.core.message import say
from soleus.diary import AuditEvent
from soleus.diary.audit import AuditAction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute

SAFE = ("GET", "HEAD", "OPTIONS")
CSRF_COOKIE = "soleus_browser"
CSRF_HEADER = "x-csrf-token"
MOST_FORM_BYTES = 32 << 20  # choice: an export that is brought back; more than a lifetime of cramps
LARGE = ("/settings/import", "/api/import")
MOST_HEADER_BYTES = 32 << 10  # choice: twice what browsers send at most
COOKIE_S = 400 * 24 * 3600  # the longest that browsers keep one
OPEN_TO_ALL = frozenset(
    {("GET", "/link"), ("POST", "/link"), ("POST", "/api/link"), ("GET", "/api/session")}
)  # and /static/: no route of these tells anything about the person
NOT_AUDITED = ("/static/", "/api/session")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # not no-referrer: under that, forms of our own pages come with the origin "null", which can't be checked
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def csrf_token(house: House, browser: str) -> str:
    """Return the token that a page of this browser carries."""
    return hmac.new(house.secret, browser.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def browser_of(request: Request) -> str:
    """Return the random name of this browser; a new one is set as a cookie with the answer."""
    given = getattr(request.state, "browser", "")
    known = request.cookies.get(CSRF_COOKIE, "")
    name = given or (known if len(known) == 43 and known.isascii() else "")
    request.state.browser = name or secrets.token_urlsafe(32)
    return str(request.state.browser)


def rename_browser(request: Request) -> None:
    """Give this browser a new random name; for the moment when it gets rights that it had not."""
    request.state.browser = secrets.token_urlsafe(32)


def check_origin(request: Request, *, secure: bool) -> None:
    """Refuse a change that a page of another site asks for."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    ours = f"{'https' if secure else 'http'}://{request.headers.get('host', '')}"
    if (origin is not None and origin.lower() != ours.lower()) or site not in ("same-origin", "none"):
        raise _other_site()


def check_reading(request: Request) -> None:
    """Refuse what a page of another site wants to load into itself; a link that is followed is fine."""
    site, mode = request.headers.get("sec-fetch-site", "none"), request.headers.get("sec-fetch-mode", "navigate")
    if site not in ("same-origin", "none") and mode != "navigate":
        raise _other_site()


def check_csrf(request: Request, house: House, token: str | None) -> None:
    """Refuse a change by a browser without the token of its page; a program that is no browser needs none."""
    if not needs_token(request):
        return
    expected = csrf_token(house, request.cookies.get(CSRF_COOKIE, ""))
    if not token or not hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()):
        raise refuse(
            403,
            "no_token",
            "csrf",
            say("the page is too old"),
            say("it has no valid token of this browser"),
            say("load the page again"),
        )


def needs_token(request: Request) -> bool:
    """Say whether a request may come from a browser: each names the origin of a page that changes something."""
    return bool({"origin", "sec-fetch-site", "cookie"} & set(request.headers))


def _other_site() -> Refused:
    return refuse(
        403,
        "other_site",
        "origin",
        say("another site asks"),
        say("it may not read or change your diary"),
        say("use Soleus' own page"),
    )


def _not_linked() -> Refused:
    return refuse(
        401,
        "not_linked",
        "device",
        say("this device is not linked"),
        say("only devices that you linked can see your diary"),
        say("type the PIN that is shown on the computer"),
    )


class Guard:
    """The layer that every request and every answer passes.

    Parameters
    ----------
    app : ASGI application
    house : House
    routes : sequence of routes
        To name in the audit what was asked for; filled until the server starts.
    """

    def __init__(self, app: ASGIApp, house: House, routes: Sequence[BaseRoute]) -> None:
        self.app, self.house, self.routes = app, house, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        request, status = Request(scope), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(request, MutableHeaders(scope=message))
            await send(message)

        try:
            received = bounded(receive, MOST_FORM_BYTES if scope["path"] in LARGE else MOST_BYTES)
            await self.app(scope, await self._check(request, received), sent)
        except Refused as refused:
            await self._answer(request, refused, sent, status)
        except ClientDisconnect:
            pass
        except Exception as error:
            tell_fault(error)
            if status:  # half of an answer is out; only cutting the line tells that it is not whole
                raise _Cut from None
            await self._answer(request, _fault(), sent, status)
        finally:
            self._note(request, status)

    async def _check(self, request: Request, receive: Receive) -> Receive:
        """Refuse what must not be, and return the body to be read."""
        request.state.caller = Caller("stranger", request.client.host if request.client else "", False)
        if sum(len(name) + len(value) for name, value in request.headers.raw) > MOST_HEADER_BYTES:
            raise refused_length(431, "headerstoo_long", "headers", MOST_HEADER_BYTES)
        caller = request.state.caller = caller_at_door(request, self.house)
        if request.method in SAFE:
            check_reading(request)
        else:
            check_origin(request, secure=caller.secure)
        if caller.role != "here":
            device = await run_in_threadpool(known_device, request, self.house)
            if device is not None:
                request.state.caller = Caller("device", caller.source, caller.secure, device)
            elif (request.method, request.url.path) not in OPEN_TO_ALL and not _is_static(request):
                raise _not_linked()
        length = request.headers.get("content-length", "0")
        most = MOST_FORM_BYTES if request.url.path in LARGE else MOST_BYTES
        if length.isdecimal() and int(length[:20]) > most:
            raise too_long(most)
        if request.method in SAFE or not needs_token(request):
            return receive
        token = request.headers.get(CSRF_HEADER)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if token is None and kind in (URL_ENCODED, MULTIPART):
            body = await whole_body(receive)
            token = await form_token(request.scope, kind, body)
            receive = replayed(body, receive)
        check_csrf(request, self.house, token)
        return receive

    async def _answer(self, request: Request, refused: Refused, send: Send, status: int) -> None:
        if status:
            return
        response: Response
        try:
            response = await request.app.state.answer_refusal(request, refused)
        except Exception as error:  # not even a page can be made: the disk or the diary is gone
            tell_fault(error)
            response = PlainTextResponse("\n".join(str(problem) for problem in refused.problems), refused.status)
        await response(request.scope, nothing_more, send)

    def _add_headers(self, request: Request, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        headers.setdefault("cache-control", "no-store")
        name = getattr(request.state, "browser", "")
        if name and name != request.cookies.get(CSRF_COOKIE):
            secure = "; Secure" if caller_of(request).secure else ""
            headers.append(
                "set-cookie", f"{CSRF_COOKIE}={name}; Path=/; Max-Age={COOKIE_S}; HttpOnly; SameSite=Strict{secure}"
            )

    def _note(self, request: Request, status: int) -> None:
        """Note in the audit what a request over the network read or wrote, or was refused."""
        caller = caller_of(request)
        path = request.url.path
        if caller.role == "here" or path.startswith(NOT_AUDITED) or not self.house.links_devices:
            return
        usual: AuditAction = "read" if request.method in SAFE else "write"
        action: AuditAction = getattr(request.state, "audit_action", usual)
        event = AuditEvent(
            who=getattr(request.state, "audit_who", "") or (caller.device.id if caller.device else "not linked"),
            source=caller.source,
            action="refused" if status in (401, 403, 421, 429) else action,
            resource=self._template(request),
            status=status,
        )
        self.house.auditor.note(event)

    def _template(self, request: Request) -> str:
        """Return the route as it is written in the program: what a stranger asks for is not kept."""
        scope = {"type": "http", "path": request.scope["path"], "root_path": "", "method": request.method}
        for route in self.routes:
            if route.matches(scope)[0].value:
                return str(getattr(route, "path", "") or "(no name)")
        return "(no such address)"


class _Cut(Exception):
    """An answer broke off; the fault behind it has been told."""


def _fault() -> Refused:
    return refuse(
        500,
        "fault",
        "server",
        say("a fault of Soleus"),
        say("it is not your doing, and your diary is safe"),
        say("try again; if it comes back, please report it"),
    )


def _is_static(request: Request) -> bool:
    return request.method in SAFE and request.url.path.startswith("/static/")
