"""The report for the doctor, as a page: with the person's own question, to print or to take along as PDF."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from soleus.app.web.house import House
from soleus.app.web.page import house_of, language_of, page
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.core.record import zone_of
from soleus.report.language import Language

if TYPE_CHECKING:
    from soleus.report.clinician import ClinicianReport

router = APIRouter()
LONGEST_QUESTION = 2_000
EARLIEST = date(1970, 1, 1)
LONGEST = timedelta(days=3_653)  # choice: ten years; the report of 1,600 years kept a server busy for minutes


def build_report(house: House, question: str, first: date | None, last: date | None) -> ClinicianReport:
    """Return the report on the diary and what was told in the interview."""
    from soleus.app.clinician_report import read_clinician_report  # only here: the first page need not wait for it
    from soleus.app.interview_record import told_case

    return read_clinician_report(
        house.diary,
        told_case(house.diary),
        house.session(),
        house.now(),
        house.zone(),
        question[:LONGEST_QUESTION],
        first,
        last,
    )


def pdf_of(report: ClinicianReport, language: Language) -> Response:
    """Return the report as a PDF to keep."""
    from soleus.report.clinician_pdf import render_clinician_pdf

    name = f"soleus-report-{report.last}.pdf"
    return Response(
        render_clinician_pdf(report, language),
        media_type="application/pdf",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def check_period(first: date | None, last: date | None, now: datetime, zone: str) -> list[Problem]:
    """Return what is wrong with the nights that were asked for."""
    today = now.astimezone(zone_of(zone)).date()
    where, what = "", ""
    if last is not None and not EARLIEST <= last <= today:
        where, what = "last", say("the last night is in the future or before the year 1970")
    elif first is not None and not EARLIEST <= first <= today:
        where, what = "first", say("the first night is in the future or before the year 1970")
    elif first is not None and first > (last or today):
        where, what = "first", say("the first night comes after the last")
    elif first is not None and (last or today) - first > LONGEST:
        where, what = "first", say("it is more than ten years")
    if not where:
        return []
    why, fix = say("there can be no report on such a time"), say("choose other nights")
    return [Problem(code="bad_period", level="error", where=where, what=what, why=why, fix=fix)]


@router.get("/report")
def get_report(request: Request) -> Response:
    """Show the report of the last twelve weeks."""
    return _report_page(request, "", None, None)


@router.post("/report")
async def post_report(request: Request) -> Response:
    """Show the report, or give it as PDF, with the question and the time that were asked for."""
    form = await request.form()
    told = {name: str(form.get(name) or "") for name in ("question", "first", "last", "format")}
    return await run_in_threadpool(_answer, request, told)


def _answer(request: Request, told: dict[str, str]) -> Response:
    house, problems = house_of(request), list[Problem]()
    days: dict[str, date | None] = {}
    for name in ("first", "last"):
        try:
            days[name] = msgspec.convert(told[name], date) if told[name] else None
        except msgspec.ValidationError:
            days[name] = None
            problems.append(
                Problem(
                    code="bad_date",
                    level="error",
                    where=name,
                    what=say("the date can't be read"),
                    why=say("the report shows the last twelve weeks instead"),
                    fix=say("choose the date in the calendar"),
                )
            )
    problems += check_period(days["first"], days["last"], house.now(), house.zone())
    if problems:
        return _report_page(request, told["question"], None, None, problems=problems)
    if told["format"] == "pdf":
        report = build_report(house, told["question"], days["first"], days["last"])
        return pdf_of(report, language_of(request, house.settings()))
    return _report_page(request, told["question"], days["first"], days["last"])


def _report_page(
    request: Request, question: str, first: date | None, last: date | None, *, problems: list[Problem] | None = None
) -> Response:
    from soleus.report.clinician_html import render_clinician_html

    house = house_of(request)
    report = build_report(house, question, first, last)
    return page(
        request,
        "report.html",
        status=422 if problems else 200,
        problems=problems or (),
        report=render_clinician_html(report, language_of(request, house.settings()), body_only=True, heading=2),
        question=question[:LONGEST_QUESTION],
        first=report.first,
        last=report.last,
        longest=LONGEST_QUESTION,
        empty=not any(house.diary.counts().values()),
    )
