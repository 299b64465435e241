"""Where the smaller screens keep what does not fit into their navigation."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from soleus.app.web.page import page

router = APIRouter()


@router.get("/more")
def get_more(request: Request) -> Response:
    """Show the other pages."""
    return page(request, "more.html")
