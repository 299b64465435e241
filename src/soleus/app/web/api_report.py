"""The report for the doctor, for programs: as JSON, HTML or PDF."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from soleus.app.web.page import house_of, language_of
from soleus.app.web.pages_report import LONGEST_QUESTION, build_report, check_period, pdf_of
from soleus.app.web.wire import Refused, described, sent, taken

router = APIRouter(prefix="/api", tags=["report"])
Form = Literal["json", "html", "pdf"]
CONTENT: dict[Form, dict[str, Any]] = {
    "json": {"application/json": {"schema": {"type": "object"}}},
    "html": {"text/html": {"schema": {"type": "string"}}},
    "pdf": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
}


class ReportWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which report: ``question`` is the person's own to the doctor; ``first`` and ``last`` are nights."""

    question: Annotated[str, msgspec.Meta(max_length=LONGEST_QUESTION)] = ""
    first: date | None = None
    last: date | None = None
    format: Form = "json"


def _answer(request: Request, wanted: ReportWanted) -> Response:
    house = house_of(request)
    if problems := check_period(wanted.first, wanted.last, house.now(), house.zone()):
        raise Refused(422, problems)
    report = build_report(house, wanted.question, wanted.first, wanted.last)
    if wanted.format == "json":
        return sent(report)
    language = language_of(request, house.settings())
    if wanted.format == "pdf":
        return pdf_of(report, language)
    from soleus.report.clinician_html import render_clinician_html

    name = f"soleus-report-{report.last}.html"
    return Response(  # to be kept as a file: its styles are its own, which this site does not allow to a page
        render_clinician_html(report, language),
        media_type="text/html",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _told(*forms: Form) -> dict[str, Any]:
    told = described()
    content = {kind: schema for form in forms for kind, schema in CONTENT[form].items()}
    told["responses"][200] = {"description": "The report", "content": content}
    return told


_post = described(
    takes=ReportWanted,
    example=ReportWanted(question="Could it be my water tablet?", format="pdf"),
    errors=(413, 415, 422),
)
_post["responses"] |= {200: _told("json", "html", "pdf")["responses"][200]}


@router.post("/report", summary="The report, with the person's own question", response_class=Response, **_post)
def post_report(request: Request, told: ReportWanted = taken(ReportWanted)) -> Response:  # noqa: B008
    """Return the report of the nights that were asked for, of the last twelve weeks when none were."""
    return _answer(request, told)


First = Annotated[date | None, Query(description="first night")]
Last = Annotated[date | None, Query(description="last night")]


@router.get("/report.json", summary="The report as data", response_class=Response, **_told("json"))
def get_json(request: Request, first: First = None, last: Last = None) -> Response:
    """Return the report without a question."""
    return _answer(request, ReportWanted(first=first, last=last))


@router.get("/report.html", summary="The report as a page of its own", response_class=Response, **_told("html"))
def get_html(request: Request, first: First = None, last: Last = None) -> Response:
    """Return the report without a question."""
    return _answer(request, ReportWanted(first=first, last=last, format="html"))


@router.get("/report.pdf", summary="The report as PDF/UA", response_class=Response, **_told("pdf"))
def get_pdf(request: Request, first: First = None, last: Last = None) -> Response:
    """Return the report without a question."""
    return _answer(request, ReportWanted(first=first, last=last, format="pdf"))
