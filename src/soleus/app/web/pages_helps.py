"""What helps: each remedy with effect, certainty, harms and who must not; what Soleus will not suggest, and why."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from soleus.app.remedies import EffectShown, list_remedies
from soleus.app.web.api_assess import personal_assessment
from soleus.app.web.page import house_of, page
from soleus.app.web.pages_answer import UNITS, VERIFICATION, short_cite
from soleus.app.web.pages_why import at_once
from soleus.core.message import Message, say

router = APIRouter()

# what a certainty begins with in the evidence base, the longest first: its short form for a tag
CERTAINTIES = {
    "Moderate to high": say("moderate to high certainty"),
    "Low to moderate": say("low to moderate certainty"),
    "Low to very low": say("low to very low certainty"),
    "Very low": say("very low certainty"),
    "Moderate": say("moderate certainty"),
    "High": say("high certainty"),
    "Low": say("low certainty"),
}


@router.get("/helps")
def get_helps(request: Request) -> Response:
    """Show all remedies in order; with an interview, what is not for this person says why."""
    house = house_of(request)
    evidence = house.session().evidence
    assessment = personal_assessment(house, draws=0)
    return page(
        request,
        "helps.html",
        groups=list_remedies(evidence, assessment),
        personal=assessment is not None,
        flags=at_once(assessment) if assessment is not None else (),
        units=UNITS,
        span=effect_span,
        certainty=short_certainty,
        verification=VERIFICATION,
        cite=lambda key: short_cite(key, evidence.references),
    )


def short_certainty(text: str) -> Message | None:
    """Return how certain an effect is in two or three words; None when the evidence base says it in another way.

    Examples
    --------
    >>> print(short_certainty("Low: one open trial with 74 people"))
    low certainty
    """
    return next((short for level, short in CERTAINTIES.items() if text.startswith(level)), None)


def effect_span(effect: EffectShown) -> dict[str, float]:
    """Return where an effect lies in a picture that is 100 wide; ratios are drawn by their logarithm.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.app.remedies import show_effect
    >>> span = effect_span(show_effect(load_evidence().remedies["magnesium_older"].effects[0]))
    >>> span["low"] < span["value"] < span["none"] < span["high"]
    True
    """
    from math import log

    def scaled(value: float) -> float:
        return log(value) if effect.none == 1 else value

    marks = {"low": effect.low, "value": effect.value, "high": effect.high}
    marks["none"] = effect.none if effect.none is not None else 0.0
    places = {name: scaled(value) for name, value in marks.items()}
    first, last = min(places.values()), max(places.values())
    if effect.none is None:
        first, last = 0.0, 1.0
    width = last - first or 1.0
    return {name: round(5 + 90 * (place - first) / width, 1) for name, place in places.items()}
