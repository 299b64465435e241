"""The answer as one self-contained, accessible HTML page. Computes nothing."""

from __future__ import annotations

from pathlib import Path

from soleus.core.assessment import Assessment
from soleus.report import words


def render_html(assessment: Assessment) -> str:
    """Return the assessment as one HTML page: no script, no font, no picture from elsewhere.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    str
        A page that prints on paper, reads aloud in order, and follows the reader's light or dark setting.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=words.percent,
        interval=words.interval,
        strength=words.strength_words,
        state=words.state_words,
        listed=words.listed,
    )
    return environment.get_template("assessment.html.j2").render(
        a=assessment,
        causes=words.shown_causes(assessment),
        strongest=words.strongest_steps,
        urgency_words=words.URGENCY_WORDS,
        urgency_short=words.URGENCY_SHORT,
        disclaimer=words.DISCLAIMER,
        missed=[u for u in assessment.understood if not u.understood],
    )
