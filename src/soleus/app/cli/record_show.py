"""``soleus diary show``, ``measure show`` and ``doctor``: the record in numbers, and whether it is sound."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soleus.app.cli.main import NOT_READ, OK
from soleus.app.cli.record import SHOWN_DAYS, here, open_chosen

if TYPE_CHECKING:
    from soleus.app.diary_report import DiaryReport
    from soleus.core.record import Sample

OLDEST = 130  # choice: nobody is known to have lived longer
WIDEST = 100  # choice: longer lines are hard to read


def read_day(text: str | None, option: str) -> date | None:
    """Return the date that an option gives; end the command when it is none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        print(f"error: {option}: {text!r} is no date. To mend it: write it as 2026-11-26. [bad_date]", file=sys.stderr)
        raise SystemExit(NOT_READ) from None


def show_diary(options: argparse.Namespace) -> int:
    """Print the diary in numbers and pictures."""
    from soleus.app.diary_report import report_diary
    from soleus.knowledge.load import load_evidence

    first, last = read_day(options.first, "--from"), read_day(options.last, "--to")
    if options.age is not None and not 0 <= options.age <= OLDEST:
        print(
            f"error: --age: {options.age:g} is no age. To mend it: give years, such as 68. [bad_age]", file=sys.stderr
        )
        return NOT_READ
    with open_chosen(options, create=False) as diary:
        counts = diary.night_counts(first, last)
        if not counts:
            print(
                "No night is recorded yet. `soleus log` notes a cramp, `soleus log no cramps last night` a good night."
            )
            return OK
        last = last or counts[-1].night_of
        first = first or max(counts[0].night_of, last - timedelta(days=SHOWN_DAYS - 1))
        if first > last:
            print(
                f"error: --from: {first} is after {last}. To mend it: give an earlier date. [bad_date]", file=sys.stderr
            )
            return NOT_READ
        episodes, nights = diary.episodes(first, last), diary.nights(first, last)
        factors = diary.factors(first, last)
    report = report_diary(
        counts, episodes, nights, factors, first, last, evidence=load_evidence(), age=options.age, sex=options.sex
    )
    if options.svg:
        _write_pictures(report, Path(options.svg))
    if options.json:
        from soleus.app.cli.assess import encode

        print(encode(report))
        return OK
    _print_report(report)
    if options.svg:
        print(f"\nwritten: nights.svg, weeks.svg and clock.svg in {options.svg}")
    return OK


def _print_report(report: DiaryReport) -> None:
    from soleus.app.diary_words import change_sentences, number_sentences
    from soleus.report.diary_text import can_draw_blocks, render_clock_text, render_nights_text, render_weeks_text

    width, blocks = _width(), can_draw_blocks(sys.stdout.encoding)
    print("YOUR CRAMPS IN NUMBERS")
    people = [report.people.says] if report.people is not None else []
    change = change_sentences(report)
    if change:
        change[:2] = [f"{change[0]} {change[1][:1].upper()}{change[1][1:]}."]
    _print_lines([*number_sentences(report), *people, *change], width)
    for text in (
        render_nights_text(report.nights, width=width, blocks=blocks),
        render_weeks_text(report.weeks, width=width, blocks=blocks),
        render_clock_text(report.hours, width=width, blocks=blocks),
    ):
        print(f"\n{text}")
    _print_lines([report.clock.says], width)
    if report.triggers.shown or report.triggers.not_yet:
        print("\nWHAT GOES WITH IT")
        _print_lines([found.says for found in report.triggers.shown], width)
        _print_lines([f"{other.name}: can't tell yet; {other.reason}" for other in report.triggers.not_yet], width)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _print_lines(lines: Iterable[str], width: int) -> None:
    for line in lines:
        print("\n".join(textwrap.wrap(line, width - 2, initial_indent="  ", subsequent_indent="    ")))


def _write_pictures(report: DiaryReport, folder: Path) -> None:
    from soleus.report.diary_svg import render_clock_svg, render_nights_svg, render_weeks_svg

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nights.svg").write_text(render_nights_svg(report.nights), encoding="utf-8")
    (folder / "weeks.svg").write_text(render_weeks_svg(report.weeks), encoding="utf-8")
    (folder / "clock.svg").write_text(render_clock_svg(report.hours), encoding="utf-8")


def run_doctor(options: argparse.Namespace) -> int:
    """Print where the data lie, whether the diary is sound, and how old the newest verified backup is."""
    from soleus.core.version import __version__
    from soleus.diary import data_folder, verified_backups

    print(f"soleus {__version__}, Python {sys.version.split()[0]}, time zone {here()}")
    print(f"data folder: {data_folder()}")
    with open_chosen(options, create=False) as diary:
        problems = diary.check()
        counts = ", ".join(f"{n} {kind}" for kind, n in diary.counts().items())
        codes = {problem.code for problem in problems}
        state = "sound" if not codes else "sound, but not its audit" if codes == {"audit_broken"} else "damaged"
        print(f"diary: {diary.path or options.at}: {state}, {counts}")
        for problem in problems:
            print(problem, file=sys.stderr)
        folder = diary.path.parent / "backups" if diary.path else None
    reports = verified_backups(folder) if folder is not None and folder.is_dir() else []
    made = [(report.made_at, report.path) for report in reports if report.sound and report.made_at is not None]
    if not made:
        print("backup: none. To make one: soleus backup")
        return NOT_READ if problems else OK
    newest, path = max(made)
    print(f"backup: {len(made)} verified, the newest {(datetime.now(UTC) - newest).days} days old: {path}")
    return NOT_READ if problems else OK


def show_measurements(options: argparse.Namespace) -> int:
    """Print what each series of measurements says: set point, change, and what one more sample would add."""
    from soleus.app.measurement_report import report_series
    from soleus.knowledge.laboratory_index import LaboratoryIndex
    from soleus.knowledge.load import load_evidence

    evidence = load_evidence()
    wanted = options.quantity
    if wanted is not None:
        found = LaboratoryIndex(evidence.quantities).find(wanted)
        wanted = found.removeprefix("quantity:") if found.startswith("quantity:") else wanted
    with open_chosen(options, create=False) as diary:
        samples = diary.samples(quantity=wanted)
    if not samples:
        print(f"No measurement{f' of {options.quantity}' if wanted else ''} is recorded yet: soleus measure add")
        return OK
    by_quantity: dict[str, list[Sample]] = {}
    for sample in samples:
        by_quantity.setdefault(sample.quantity, []).append(sample)
    reports = [report_series(key, by_quantity[key], evidence) for key in sorted(by_quantity)]
    if options.svg:
        if len(reports) > 1:
            print("error: --svg: a picture shows one quantity. To mend it: name it. [no_quantity]", file=sys.stderr)
            return NOT_READ
        from soleus.report.series_svg import render_series_svg

        Path(options.svg).write_text(render_series_svg(reports[0].view), encoding="utf-8")
    if options.json:
        from soleus.app.cli.assess import encode

        print(encode(reports))
        return OK
    from soleus.report.diary_text import can_draw_blocks, render_series_text

    width, blocks = _width(), can_draw_blocks(sys.stdout.encoding)
    for i, report in enumerate(reports):
        print(("\n" if i else "") + render_series_text(report.view, width=width, blocks=blocks))
        _print_lines(report.lines, width)
    if options.svg:
        print(f"\nwritten: {options.svg}")
    return OK
