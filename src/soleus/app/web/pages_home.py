"""The first page: what is to be done now."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from soleus.app.morning import first_night, look_at_nights, missing_nights, night_to_tell
from soleus.app.web.house import House
from soleus.app.web.night_words import night_tools
from soleus.app.web.page import house_of, language_of, page
from soleus.diary import document_names
from soleus.monitoring.cramp_rate import CrampRate, weekly_rate

router = APIRouter()

WEEK = 7
MONTH = 28
FEWEST = 7  # choice: a figure from fewer nights than a week would be mostly that of other people


@router.get("/")
def get_home(request: Request) -> Response:
    """Show today: last night, the nights not told yet, this week's figure, and where to go."""
    house = house_of(request)
    diary, now, zone = house.diary, house.now(), house.zone()
    if not any(diary.counts().values()) and not set(document_names(diary)) - {"settings"}:
        return page(request, "home_first.html", night=night_to_tell(now, zone))
    last = night_to_tell(now, zone)
    week = look_at_nights(diary, last - timedelta(days=WEEK - 1), last)
    return page(
        request,
        "home.html",
        last=week[-1],
        week=week,
        missing=[night for night in missing_nights(diary, now, zone, WEEK) if night != last],
        rate=_figure(house),
        **night_tools(language_of(request, house.settings())),
    )


def _figure(house: House) -> CrampRate | None:
    """Cramps a week over the last four weeks, or since the diary began; None while too few nights are recorded."""
    last = night_to_tell(house.now(), house.zone())
    began = first_night(house.diary)
    if began is None or began > last:
        return None
    first = max(began, last - timedelta(days=MONTH - 1))
    counts = house.diary.night_counts(first, last)
    if len(counts) < FEWEST:
        return None
    return weekly_rate(counts, first, last, evidence=house.session().evidence)
