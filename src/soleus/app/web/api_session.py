"""Who answers here, and the token that a page needs to change something."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from soleus.app.web.guard import browser_of, csrf_token
from soleus.app.web.page import house_of
from soleus.app.web.wire import described, sent
from soleus.core.version import __version__

router = APIRouter(prefix="/api", tags=["session"])


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asks when it comes back: is the server there, and the token of this browser."""

    software: str
    csrf: str


@router.get("/session", summary="Is the server there; the token of this browser", **described(gives=Hello))
def get_session(request: Request) -> Response:
    """Return the version and the token that changes by a browser must carry in the header X-CSRF-Token."""
    token = csrf_token(house_of(request), browser_of(request))
    return sent(Hello(software=f"soleus {__version__}", csrf=token))
