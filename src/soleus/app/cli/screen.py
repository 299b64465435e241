"""``soleus screen``: assess everybody in a register."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from soleus.app.cli.main import ANSWERED_WITH_ERRORS, NOT_READ, OK

PLAIN_EVERY_S = 10.0  # choice: where no terminal shows a moving line, one line each ten seconds


def run_screen(options: argparse.Namespace) -> int:
    """Screen a register; return the exit code: 1 when some rows were rejects, 2 when nothing could be screened."""
    try:
        from soleus.cohort.mapping_file import MappingError, load_mapping
        from soleus.cohort.problems import ScreeningError
        from soleus.cohort.screening import Order, doubts, screen
    except ImportError as error:
        print(f"error: screening needs {error.name}: pip install 'soleus[cohort]'", file=sys.stderr)
        return NOT_READ
    from soleus.knowledge.load import load_evidence

    if options.part_rows < 1 or (options.threads is not None and options.threads < 1):
        print("error: --part-rows and --threads must be 1 or more", file=sys.stderr)
        return NOT_READ
    evidence = load_evidence()
    out = Path(options.output)
    meter = Meter()
    try:
        mapping = load_mapping(Path(options.mapping), evidence)
        order = Order(
            source=options.input,
            out=out,
            mapping=mapping,
            query=options.query or "",
            people=Path(options.people) if options.people else None,
            engine=options.engine,
            threads=options.threads or 1 + (os.cpu_count() or 1),  # one of them waits for the disk
            memory=options.memory,
            part_rows=options.part_rows,
        )
        summary = screen(evidence, order, meter.show, meter.tell)
    except MappingError as error:
        meter.end()
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return NOT_READ
    except ScreeningError as error:
        meter.end()
        print(error.problem, file=sys.stderr)
        return NOT_READ
    except KeyboardInterrupt:
        meter.end()
        print("stopped; what was done is kept: the same command goes on from there", file=sys.stderr)
        return 130
    meter.end()
    for problem in doubts(summary):
        print(problem, file=sys.stderr)
    if options.summary:
        from soleus.report.screening_html import render_screening

        Path(options.summary).write_text(render_screening(summary, evidence), encoding="utf-8")
    if options.json:
        print((out / "manifest.json").read_text(encoding="utf-8"))
    else:
        print(f"{summary.read:,} rows: {summary.screened:,} screened, {summary.rejected:,} rejected")
        print("  urgency: " + ", ".join(f"{name} {count:,}" for name, count in summary.urgency.items()))
        if summary.rejects:
            print("  rejects: " + ", ".join(f"{name} {count:,}" for name, count in summary.rejects.items()))
        print(f"  written: {out} (part-*.parquet, rejects.csv, manifest.json)")
    return ANSWERED_WITH_ERRORS if summary.rejected else OK


class Meter:
    """Shows how far a screening is: rows, rate and time left, on standard error."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.first = 0
        self.said = 0.0
        self.moving = sys.stderr.isatty()

    def tell(self, line: str) -> None:
        """Say what goes on."""
        self.end()
        print(f"{line} ...", file=sys.stderr)

    def show(self, done: int, total: int, rejected: int) -> None:
        """Show the rows done of all."""
        now = time.monotonic()
        if self.began is None:
            self.began, self.first = now, done
            if done:
                self.tell(f"going on after {done:,} of {total:,} rows")
        if not self.moving and now - self.said < PLAIN_EVERY_S and done < total:
            return
        self.said = now
        rate = (done - self.first) / max(now - self.began, 1e-9)
        left = f"{_duration((total - done) / rate)} left" if rate and done < total else ""
        line = f"{done:,} of {total:,} rows, {100 * done / max(total, 1):.0f} %, {rate:,.0f} a second, "
        line += f"{rejected:,} rejects" + (f", {left}" if left else "")
        print(f"\r{line:<78}" if self.moving else line, end="" if self.moving else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """End the moving line."""
        if self.moving and self.said:
            print(file=sys.stderr)
            self.said = 0.0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
