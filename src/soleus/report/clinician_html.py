"""The report for a clinician as HTML: one mark-up for the page in the browser and for the file to save and print."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_layout import Bar
from soleus.report.clinician_set import lay_out
from soleus.report.language import Language

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


def render_clinician_html(
    report: ClinicianReport, language: Language, *, body_only: bool = False, heading: int = 1
) -> str:
    """Return the report as one self-contained page, or as its <article> alone.

    Parameters
    ----------
    report : ClinicianReport
    language : Language
    body_only : bool
        Only the <article>, without any style, for a page that has the rules of `clinician_css` in its own stylesheet.
    heading : int
        Level of the first heading: 1, or 2 when the page around it has its own.
    """
    from markupsafe import Markup

    template = _environment().get_template("clinician.html.j2")
    return template.render(
        it=lay_out(report, language),
        body_only=body_only,
        level=heading,
        # our own drawing and our own rules: made by this program from numbers, not from what somebody wrote
        drawn=Markup,
        css=Markup("" if body_only else clinician_css()),
        is_bar=lambda cell: isinstance(cell, Bar),
    )


@lru_cache(maxsize=1)
def clinician_css() -> str:
    """Return the rules by which the report is shown and printed; all begin with ``.clinician`` but ``@page``."""
    return TEMPLATES.joinpath("clinician.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
