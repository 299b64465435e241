"""The application: every page and every call of the API of one running server."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from soleus.app.web import api_routes, page_routes
from soleus.app.web.guard import Guard
from soleus.app.web.house import House, Settings
from soleus.app.web.page import NO_SUCH_PAGE, page, static_files
from soleus.app.web.wire import Problems, Refused, components, refuse, sent
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.core.version import __version__
from soleus.diary import DiaryError

SMALLEST_ZIPPED = 600  # choice: below a network packet nothing is gained
FOR_EVER = "public, max-age=31536000, immutable"
NO_TELEMETRY: Any = {  # whatever the environment says: FastAPI would send what was asked and what went wrong elsewhere
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
NOT_NOW = {"damaged_diary", "busy", "disk_full", "cannot_write", "cannot_open", "disk_error", "cannot_reach"}
STATUS_OF = {
    "no_such_id": 404,
    "no_such_device": 404,
    "id_taken": 409,
    "damaged_diary": 503,
    "busy": 503,
    "disk_full": 503,
    "cannot_write": 503,
    "disk_error": 503,
    "cannot_reach": 503,
}
DESCRIPTION = (
    "Everything that the pages of Soleus do. It runs on your own computer and sends nothing anywhere. "
    "Soleus informs; it does not diagnose and is not a medical device."
)


def make_app(house: House) -> FastAPI:
    """Return the application that serves one diary.

    Parameters
    ----------
    house : House
        What it stands on; see there.
    """
    app = FastAPI(
        title="Soleus",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_life,
        telemetry=NO_TELEMETRY,
    )
    app.state.house = house
    app.state.answer_refusal = _answer
    routes: list[BaseRoute] = []
    app.add_middleware(Guard, house=house, routes=routes)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(DiaryError, _diary_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    for router in api_routes():
        app.include_router(router)
        routes += router.routes
    for router in page_routes():
        app.include_router(router, include_in_schema=False)
        routes += router.routes
    app.add_api_route("/static/{name}", _static, methods=["GET"], include_in_schema=False)
    routes += [route for route in app.routes if isinstance(route, Route)]
    app.state.own_routes = tuple(routes)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Add the shapes of what is sent and answered to the description that FastAPI makes."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            schemas = told.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(components())
            app.openapi_schema = told
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def is_api(request: Request) -> bool:
    """Say whether a program asks, not a person."""
    return request.url.path.startswith("/api/")


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Write at the end what the audit has gathered."""
    yield
    app.state.house.auditor.flush()


async def _answer(request: Request, refused: Refused) -> Response:
    response: Response
    if is_api(request):
        response = sent(Problems(refused.problems), refused.status)
    elif refused.status == 401:
        response = page(request, "link.html", status=401, name="")
        if "hx-request" in request.headers:  # htmx would leave the old page standing
            response.headers["hx-redirect"] = "/link"
    else:
        try:
            response = page(request, "problem.html", status=refused.status, problems=refused.problems)
        except DiaryError:  # it can't tell how the person likes the pages; what is wrong must be told all the same
            request.state.settings = Settings()
            response = page(request, "problem.html", status=refused.status, problems=refused.problems)
    response.headers.update(refused.headers)
    return response


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return await _answer(request, error)


async def _diary_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DiaryError)
    codes = {problem.code for problem in error.problems}
    if codes & NOT_NOW:
        status = 503
    else:
        status = 404 if "no_such_id" in codes else 409 if codes & {"id_taken", "removed"} else 422
    return await _answer(request, Refused(status, error.problems))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return await _answer(request, Refused(404, [NO_SUCH_PAGE]))
    told = refuse(
        error.status_code,
        "refused",
        "request",
        say("the request can't be answered as it was sent"),
        say("address and kind of the request do not fit together, or it is malformed"),
        say("go to the first page; a program finds the calls at /api/docs"),
    )
    response = await _answer(request, told)
    response.headers.update(error.headers or {})
    return response


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        Problem(
            code="not_read",
            level="error",
            where=".".join(str(part) for part in one["loc"]),
            what=str(one["msg"]),
            why=say("it can't be read"),
            fix=say("correct it"),
        )
        for one in error.errors()
    ]
    return await _answer(request, Refused(422, problems))


@lru_cache(maxsize=64)
def _file(name: str) -> tuple[bytes, bytes | None, str]:
    raw = static_files()[name].read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = "text/javascript" if name.endswith(".js") else kind
    packed = gzip.compress(raw, 9, mtime=0) if len(raw) > SMALLEST_ZIPPED and not name.endswith(".png") else None
    return raw, packed, kind


def _static(request: Request, name: str) -> Response:
    """Serve a file of ours; only these are compressed, since pages hold secrets beside what others may have put in."""
    if name not in static_files():
        raise HTTPException(404)
    raw, packed, kind = _file(name)
    zipped = packed is not None and "gzip" in request.headers.get("accept-encoding", "")
    response = Response(packed if zipped and packed is not None else raw, media_type=kind)
    response.headers["cache-control"] = FOR_EVER if "v" in request.query_params else "no-cache"
    response.headers["vary"] = "accept-encoding"
    if zipped:
        response.headers["content-encoding"] = "gzip"
    return response
