"""The pages and the API: the only room that knows a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter


def api_routes() -> list[APIRouter]:
    """Return the routes of the API."""
    from soleus.app.web import (
        api_assess,
        api_diary,
        api_entries,
        api_interview,
        api_measurements,
        api_report,
        api_session,
        api_settings,
    )

    return [
        api_session.router,
        api_diary.router,
        api_measurements.router,
        api_entries.router,
        api_settings.router,
        api_report.router,
        api_interview.router,
        api_assess.router,
    ]


def page_routes() -> list[APIRouter]:
    """Return the routes of the pages."""
    from soleus.app.web import (
        pages_answer,
        pages_diary,
        pages_helps,
        pages_home,
        pages_link,
        pages_measurements,
        pages_more,
        pages_morning,
        pages_night,
        pages_report,
        pages_settings,
        pages_why,
    )

    return [
        pages_home.router,
        pages_morning.router,
        pages_diary.router,
        pages_measurements.router,
        pages_more.router,
        pages_night.router,
        pages_link.router,
        pages_settings.router,
        pages_report.router,
        pages_why.router,
        pages_answer.router,
        pages_helps.router,
    ]
