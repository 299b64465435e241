"""``soleus assess`` and ``soleus schema``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soleus.app.cli.main import ANSWERED_WITH_ERRORS, NOT_READ, OK
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.core.problem import Problem
from soleus.exchange.case_file import MOST_BYTES, CaseError, decode_case, parse_case, read_case

if TYPE_CHECKING:
    from soleus.app.record_case import Shown


def run_assess(options: argparse.Namespace) -> int:
    """Assess one case file, with the diary where that is wished; print the answer; return the exit code."""
    as_json, html = options.json, options.html
    if options.file is None and not options.diary:
        print("error: no case file is named. To mend it: name one, or add --diary. [no_case]", file=sys.stderr)
        return NOT_READ
    case, problems = Case(), list[Problem]()
    try:
        if options.file == "-":
            raw = sys.stdin.buffer.read(MOST_BYTES + 1)
            form = options.format or "toml"
            case, problems = parse_case(decode_case(raw, "standard input"), form, where="standard input")
        elif options.file is not None:
            case, problems = read_case(Path(options.file))
    except CaseError as error:
        return _refuse(error.problems, as_json)
    from soleus.app.session import load_session

    shown: tuple[Shown, ...] = ()
    if options.diary:
        from soleus.app.cli.record import add_diary
        from soleus.diary import DiaryError

        try:
            case, shown, notes = add_diary(case, options.at)
            problems = [*problems, *notes]
        except DiaryError as error:
            return _refuse(list(error.problems), as_json)
    assessment = load_session().assess(case, problems=problems, shown=shown)
    if html:
        from soleus.report.html import render_html

        try:
            Path(html).write_text(render_html(assessment), encoding="utf-8")
        except OSError as error:
            print(f"error: the page could not be written to {html}: {error.strerror}", file=sys.stderr)
            return NOT_READ
    if as_json:
        sys.stdout.write(encode(assessment) + "\n")
    elif not html:
        from soleus.report.text import render_text

        sys.stdout.write(render_text(assessment, color=sys.stdout.isatty()))
    else:
        print(f"written: {html}")
    return ANSWERED_WITH_ERRORS if any(p.level == "error" for p in assessment.problems) else OK


def encode(value: Any) -> str:
    """Return JSON with sorted keys, so that the same answer is the same bytes."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str, order="sorted"), indent=1).decode()


def _refuse(problems: list[Problem], as_json: bool) -> int:
    if as_json:
        print(encode({"problems": problems}))
    for problem in problems:
        print(problem, file=sys.stderr)
    return NOT_READ


def print_schema(what: str) -> int:
    """Print the JSON schema of a case or an assessment."""
    record = Case if what == "case" else Assessment
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(record)}
    print(encode(schema))
    return OK
