"""From a template to a page: in the person's language, with their settings, and with the token that forms carry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from soleus.app.web.guard import browser_of, csrf_token
from soleus.app.web.house import House, Settings
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.report.language import LANGUAGES, Language, load_language
from soleus.report.svg_canvas import without_style

HERE = Path(__file__).parent


def house_of(request: Request) -> House:
    """Return the house of the running server."""
    house: House = request.app.state.house
    return house


def language_of(request: Request, settings: Settings) -> Language:
    """Return the language that the person chose, else the first of the browser's that Soleus speaks, else English."""
    if settings.language:
        return load_language(settings.language)
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return load_language(code)
    return load_language("en")


def page(
    request: Request, template: str, /, *, status: int = 200, problems: Iterable[Problem] = (), **context: Any
) -> Response:
    """Return a page.

    Parameters
    ----------
    request : Request
    template : str
        File name in ``templates/``.
    status : int
    problems : iterable of Problem
        Shown first, in a summary that takes the focus.
    **context
        What the template needs beside ``settings``, ``language``, ``csrf``, ``path`` and the functions of `Language`.
    """
    house = house_of(request)
    settings: Settings = getattr(request.state, "settings", None) or house.settings()
    language = language_of(request, settings)
    html = (
        _environment()
        .get_template(template)
        .render(
            **context,
            problems=tuple(problems),
            settings=settings,
            language=language,
            languages=LANGUAGES,
            csrf=csrf_token(house, browser_of(request)),
            path=request.url.path,
            static=static_address,
            _=language.say,
            n_=language.say_count,
            tell=language.tell,
            number=language.number,
            day=language.day,
            clock=language.clock,
        )
    )
    response = HTMLResponse(html, status)
    response.headers["content-language"] = language.code
    return response


def go_to(address: str) -> Response:
    """Return the answer to a form that was taken: look there now (303)."""
    return RedirectResponse(address, 303)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([HERE / "templates", HERE.parents[1] / "report" / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["bare"] = without_style
    return environment


@lru_cache(maxsize=1)
def static_files() -> dict[str, Path]:
    """Return the files that may be asked for, by name: a list can't be left by any trick of paths."""
    found = {path.name: path for path in (HERE / "static").iterdir() if path.is_file()}
    return {**found, "clinician.css": HERE.parents[1] / "report" / "templates" / "clinician.css"}


@lru_cache(maxsize=64)
def static_address(name: str) -> str:
    """Return the address of a file in ``static/`` with its fingerprint, so that browsers may keep it for ever."""
    digest = hashlib.sha256(static_files()[name].read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


NO_SUCH_PAGE = Problem(
    code="no_such_page",
    level="error",
    where="address",
    what=say("there is no page at this address"),
    why=say("it may have been mistyped or removed"),
    fix=say("go to the first page"),
)
