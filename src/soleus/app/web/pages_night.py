"""The page at three in the morning: two targets, then the guide. It works without JavaScript, and offline with it."""

from __future__ import annotations

import gzip
import hashlib
import uuid
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Form, Request, Response

from soleus.app import relief
from soleus.app.entry_keeping import EpisodeTold, change_entry, keep_entry, remove_entry
from soleus.app.web.page import go_to, house_of, page, static_address
from soleus.core.record import Episode

router = APIRouter()

HERE = Path(__file__).parent
ASSETS = ("night.css", "night.js", "outbox.js", "icon.svg", "soleus.webmanifest")
LONGEST_WATCHED = timedelta(hours=1)  # choice: later it was the pressing that was forgotten, not the cramp that lasted

Cramp = Annotated[str, Form()]


@router.get("/night")
def get_night(request: Request, cramp: str = "", state: Literal["", "over", "undone"] = "") -> Response:
    """Show the two targets; with the id of a cramp, what to do against it, or that it is over."""
    found = house_of(request).diary.find([cramp]).get(cramp) if cramp else None
    shown = found if isinstance(found, Episode) else None
    view = "ask" if shown is None or state == "undone" else "rest" if state == "over" else "guide"
    made = page(request, "night.html", view=view, cramp=shown, undone=state == "undone", relief=relief)
    return made if request.url.query else _zipped(request, made)


@router.post("/night")
def post_night(request: Request, leg: Annotated[Literal["left", "right"], Form()]) -> Response:
    """Record a cramp of this moment and show what to do."""
    house, now = house_of(request), house_of(request).now()
    id = str(uuid.uuid4())
    told = EpisodeTold(started_at=now, leg=leg)
    keep_entry(house.diary, Episode, id, told, now=now, zone=house.zone())
    return go_to(f"/night?cramp={id}")


@router.post("/night/over")
def post_over(request: Request, cramp: Cramp) -> Response:
    """Keep how long the cramp lasted, now that it has let go; told again it stays as it was."""
    house, now = house_of(request), house_of(request).now()
    found = house.diary.find([cramp]).get(cramp)
    if isinstance(found, Episode) and found.started_at is not None and found.duration_s is None:
        lasted = now - found.started_at
        if timedelta(0) <= lasted <= LONGEST_WATCHED:
            told = EpisodeTold(duration_s=round(lasted.total_seconds(), 1))
            change_entry(house.diary, Episode, cramp, told, now=now)
    return go_to(f"/night?cramp={cramp}&state=over" if isinstance(found, Episode) else "/night")


@router.post("/night/undo")
def post_undo(request: Request, cramp: Cramp) -> Response:
    """Take out a cramp that was tapped by mistake."""
    house = house_of(request)
    remove_entry(house.diary, Episode, cramp, now=house.now())
    return go_to("/night?state=undone")


@router.get("/sw.js")
def get_worker(request: Request) -> Response:
    """Return the service worker: it keeps this page, and nothing else, for when the server does not answer."""
    response = Response(_worker(), media_type="text/javascript")
    response.headers["service-worker-allowed"] = "/"
    return _zipped(request, response)


def _zipped(request: Request, response: Response) -> Response:
    """Compress an answer in which no word comes from the request or the diary.

    Beside words that a stranger chose, the length of what is compressed would tell of the page's token.
    """
    response.headers["vary"] = "accept-encoding"
    if "gzip" in request.headers.get("accept-encoding", ""):
        response.body = gzip.compress(bytes(response.body), 6, mtime=0)
        response.headers["content-encoding"] = "gzip"
        response.headers["content-length"] = str(len(response.body))
    return response


@lru_cache(maxsize=1)
def _worker() -> bytes:
    """Return the worker with the addresses of what it keeps; any change of them makes browsers fetch all anew."""
    code = (HERE / "static" / "sw.js").read_bytes()
    page_now = (HERE / "templates" / "night.html").read_bytes()
    assets = [static_address(name) for name in ASSETS]
    version = hashlib.sha256(b"".join([code, page_now, *(name.encode() for name in assets)])).hexdigest()[:10]
    head = f"const VERSION = {msgspec.json.encode(version).decode()};\n"
    head += f"const ASSETS = {msgspec.json.encode(assets).decode()};\n"
    return head.encode() + code
