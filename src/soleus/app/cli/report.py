"""``soleus report``: one page for a clinician, with all data behind it."""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from soleus.app.cli.main import ANSWERED_WITH_ERRORS, NOT_READ, OK
from soleus.app.cli.record import here, open_chosen
from soleus.app.cli.record_show import WIDEST, read_day
from soleus.core.case import Case
from soleus.core.problem import Problem
from soleus.exchange.case_file import CaseError, read_case

if TYPE_CHECKING:
    from soleus.report.clinician import ClinicianReport


def run_report(options: argparse.Namespace) -> int:
    """Make the report from the diary and a case file; print it, or write it as PDF or as a page."""
    from soleus.diary import DiaryError
    from soleus.report.language import load_language

    case, problems = Case(), list[Problem]()
    first, last = read_day(options.first, "--from"), read_day(options.last, "--to")
    if first is not None and last is not None and first > last:
        print(f"error: --from: {first} is after {last}. To mend it: give an earlier date. [bad_date]", file=sys.stderr)
        return NOT_READ
    try:
        if options.file is not None:
            case, problems = read_case(Path(options.file))
        report = _read(options, case, first, last)
    except (CaseError, DiaryError) as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return NOT_READ
    for problem in problems:
        print(problem, file=sys.stderr)
    language = load_language(options.language)
    written: list[tuple[str, bytes]] = []
    if options.pdf:
        from soleus.report.clinician_pdf import render_clinician_pdf

        written.append((options.pdf, render_clinician_pdf(report, language)))
    if options.html:
        from soleus.report.clinician_html import render_clinician_html

        written.append((options.html, render_clinician_html(report, language).encode()))
    for name, content in written:
        try:
            Path(name).write_bytes(content)
        except OSError as error:
            print(
                f"error: {name} could not be written: {error.strerror}. To mend it: name another file. [not_written]",
                file=sys.stderr,
            )
            return NOT_READ
        print(f"written: {name}")
    if not written:
        from soleus.report.clinician_text import render_clinician_text

        width = min(shutil.get_terminal_size().columns, WIDEST)
        sys.stdout.write(render_clinician_text(report, language, width=width))
    return ANSWERED_WITH_ERRORS if any(problem.level == "error" for problem in problems) else OK


def _read(options: argparse.Namespace, case: Case, first: date | None, last: date | None) -> ClinicianReport:
    """Read the diary; where there is none yet, a case file is enough and no diary is begun."""
    from soleus.app.clinician_report import build_clinician_report, read_clinician_report
    from soleus.app.session import load_session
    from soleus.diary import DiaryError

    session, now, zone = load_session(), datetime.now(UTC), here()
    try:
        with open_chosen(options, create=False) as diary:
            return read_clinician_report(diary, case, session, now, zone, options.question, first, last)
    except DiaryError as error:
        if options.file is None or [problem.code for problem in error.problems] != ["no_diary"]:
            raise
    return build_clinician_report(
        [], [], [], [], [], case,
        now=now, zone=zone, session=session, question=options.question, first=first, last=last,
    )  # fmt: skip
