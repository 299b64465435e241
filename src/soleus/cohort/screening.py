"""Screening a whole register: in parts, with bounded memory, and so that a kill loses nothing."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from soleus.cohort.cells import ColumnTypeError
from soleus.cohort.counting import count_answers
from soleus.cohort.duplicates import find_doubled
from soleus.cohort.long_table import Pivoted, pivot_long
from soleus.cohort.mapping import Mapping, wide_mapping
from soleus.cohort.parts import PartWriter, answers_schema, write_answers
from soleus.cohort.problems import screening_error
from soleus.cohort.register import Register
from soleus.cohort.rejects import count_malformed, write_rejects
from soleus.cohort.scoring import Scorer
from soleus.cohort.staging import stage_csv, stage_query
from soleus.cohort.working_folder import WorkingFolder, cannot_write
from soleus.core.problem import Problem
from soleus.core.screening import ScreeningSummary
from soleus.core.version import __version__
from soleus.knowledge.schema import Evidence

__all__ = ["Order", "Progress", "screen"]

PART_ROWS = 65_536  # choice: 50 MB of answers; what a kill costs is at most this many rows for each worker
MIXED = 0.02  # choice: from this share of a column's values on, one unit for all of them is doubted
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to screen: a file or database, the output folder, and how.

    ``query``: a statement for a database. ``people``: a table with one row a person, for a long register.
    ``engine``: ``local``, or a Spark master. ``threads`` score at once; ``memory`` bounds what DuckDB uses.
    """

    source: str
    out: Path
    mapping: Mapping
    query: str = ""
    people: Path | None = None
    engine: str = "local"
    threads: int = 2
    memory: str = "700MB"
    part_rows: int = PART_ROWS


def screen(evidence: Evidence, order: Order, progress: Progress, told: Callable[[str], None]) -> ScreeningSummary:
    """Screen a register and write the answers, rejects and manifest into the output folder.

    An interrupted screening of the same input is continued; the result is the same, byte for byte.

    Parameters
    ----------
    evidence : Evidence
    order : Order
    progress : callable
        Called with rows done, all rows, and rejects so far.
    told : callable
        Called with one line on what goes on.

    Returns
    -------
    ScreeningSummary

    Raises
    ------
    ScreeningError
        The register as a whole cannot be screened: one problem that a person can mend. Nothing has the final name.
    """
    fingerprint = _fingerprint(evidence, order)
    with WorkingFolder.open(order.out, fingerprint) as folder:
        try:
            staged = _stage(evidence, order, folder, told)
            mapping = wide_mapping(order.mapping) if order.mapping.long else order.mapping
            scorer = Scorer(evidence, mapping)
            path = folder.input if folder.input.exists() else Path(order.source)
            register = Register.open(path, mapping.columns())
            if order.engine == "local":
                told("looking for people with more than one row")
                doubled = find_doubled(register, mapping.person.id, order.memory, folder.place)
                writer = PartWriter(folder, scorer, doubled, mapping.person.id)
                summary = _run(writer, register, order, progress)
            else:
                summary = _run_on_spark(scorer, path, order, folder, progress, told)
            summary += count_malformed(folder)
            told("writing rejects and manifest")
            _finish(folder, scorer, summary, staged, fingerprint)
        except ColumnTypeError as error:
            fix = "give text or numbers in that column, or leave it out of the mapping"
            raise screening_error("wrong_column_type", order.source, str(error), "nothing was screened", fix) from None
        except OSError as error:
            raise cannot_write(error, folder.place) from error
        return summary


def _fingerprint(evidence: Evidence, order: Order) -> dict[str, Any]:
    """Return everything that the answers depend on, without a place or a clock of this machine but the input's."""
    inputs = []
    for name in (order.source, order.people):
        path = Path(str(name)) if name else None
        if path and path.exists():
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            inputs += [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.is_file()]
    return {
        "input": inputs,
        "source": _hidden(order.source) if "://" in order.source else "",
        "query": order.query,
        "mapping": hashlib.sha256(msgspec.json.encode(order.mapping)).hexdigest(),
        "evidence": evidence.hash,
        "software": __version__,
        "part_rows": order.part_rows,
        "engine": "local" if order.engine == "local" else "spark",
    }


def _hidden(url: str) -> str:
    """Return what tells two databases apart and gives no password away."""
    shown = re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1@", url)
    return hashlib.sha256(shown.encode()).hexdigest()


class _Staged(msgspec.Struct):
    """What making one Parquet file of the input has found of a long table."""

    long_table: Pivoted | None = None


def _stage(evidence: Evidence, order: Order, folder: WorkingFolder, told: Callable[[str], None]) -> _Staged:
    """Make one Parquet file of an input that is none; once, also when a screening is continued: the notes come last."""
    source, notes = Path(order.source), folder.place / "staged.json"
    is_csv = source.suffix.lower() in (".csv", ".tsv", ".txt") and not order.query
    if order.mapping.long is None and not is_csv and not order.query:
        return _Staged()
    if notes.exists():
        return msgspec.json.decode(notes.read_bytes(), type=_Staged)
    staged = _Staged()
    if order.query:
        told("running the query")
        raw = folder.place / "query.parquet" if order.mapping.long else folder.input
        folder.write(raw, lambda path: stage_query(order.source, order.query, path, memory=order.memory))
        source = raw
    elif order.mapping.long is None:
        told("reading the CSV")
        malformed, undecoded = folder.malformed
        folder.write(
            folder.input,
            lambda path: folder.write(
                malformed, lambda one: folder.write(undecoded, lambda other: stage_csv(source, path, one, other))
            ),
        )
    if order.mapping.long is not None:
        told("turning facts into people")
        staged.long_table = pivot_long(
            source, order.mapping, evidence, folder.input, people=order.people, memory=order.memory, told=told
        )
    folder.write(notes, lambda path: path.write_bytes(msgspec.json.encode(staged)))
    return staged


def _run(writer: PartWriter, register: Register, order: Order, progress: Progress) -> ScreeningSummary:
    """Score all parts that are not done; at most one more than the workers have is in memory."""
    done = writer.folder.done()
    first = next(number for number in range(len(done) + 1) if number not in done)
    rows = rejected = 0
    for number in sorted(done):
        summary = _counts(writer.folder, number)
        rows, rejected = rows + summary.read, rejected + summary.rejected
    progress(rows, register.rows, rejected)
    with ThreadPoolExecutor(order.threads) as pool:
        waiting: set[Future[ScreeningSummary]] = set()
        try:
            for part in register.parts(order.part_rows, first):
                if part.number in done:
                    continue
                waiting.add(pool.submit(writer.write, part))
                while len(waiting) > order.threads:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    rows, rejected = _tally(finished, rows, rejected)
                    progress(rows, register.rows, rejected)
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                rows, rejected = _tally(finished, rows, rejected)
                progress(rows, register.rows, rejected)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return _total(writer.folder)


def _tally(finished: Iterable[Future[ScreeningSummary]], rows: int, rejected: int) -> tuple[int, int]:
    for future in finished:
        rows, rejected = rows + future.result().read, rejected + future.result().rejected
    return rows, rejected


def _counts(folder: WorkingFolder, number: int) -> ScreeningSummary:
    return msgspec.json.decode(folder.counts(number).read_bytes(), type=ScreeningSummary)


def _total(folder: WorkingFolder) -> ScreeningSummary:
    summary = ScreeningSummary()
    for path in sorted((folder.place / "counts").glob("*.json")):
        summary += _counts(folder, int(path.stem))
    return summary


def _finish(
    folder: WorkingFolder,
    scorer: Scorer,
    summary: ScreeningSummary,
    staged: _Staged,
    fingerprint: dict[str, Any],
) -> None:
    """Write the rejects, the manifest and the summary beside the answers, and give all of them their final name."""
    if not summary.read or not any(folder.results.glob("part-*.parquet")):
        empty = pa.Table.from_batches([], scorer.schema)
        write_answers(folder, 0, empty, ScreeningSummary())
    folder.write(folder.results / "rejects.csv", lambda path: write_rejects(path, folder))
    manifest = {
        "made_by": scorer.manifest,
        "evidence": scorer.evidence.hash,
        "mapping": fingerprint["mapping"],
        "input": [one[:2] for one in fingerprint["input"]],
        "query": fingerprint["query"],
        "columns": answers_schema(scorer.schema).names,
        "part_rows": fingerprint["part_rows"],
        "problems": [str(problem) for problem in doubts(summary)],
        "long_table": staged.long_table,
        "summary": summary,
    }
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    folder.write(folder.results / "manifest.json", lambda path: path.write_bytes(told))
    folder.finish()


def doubts(summary: ScreeningSummary) -> list[Problem]:
    """Return what the counts as a whole give reason to doubt: columns whose values are in more than one unit."""
    problems = []
    for key, count in summary.rejected_columns.items():
        column, _, code = key.rpartition(" ")
        if code in ("unit_slip", "impossible_value", "unit_missing") and count >= max(2, MIXED * summary.read):
            problems.append(
                Problem(
                    code="mixed_units",
                    level="warning",
                    where=column,
                    what=f"{count:,} of {summary.read:,} rows have a value that does not fit the column's unit",
                    why="they are rejects; the column probably holds more than one unit",
                    fix="give each row its unit (unit_column), or convert the column first",
                )
            )
    return problems


def _run_on_spark(
    scorer: Scorer, path: Path, order: Order, folder: WorkingFolder, progress: Progress, told: Callable[[str], None]
) -> ScreeningSummary:
    """Score on Spark, then bring its answers into the same files as those of a local screening."""
    from soleus.cohort.spark import score_with_spark

    scored = folder.place / "spark"
    if not (scored / "_SUCCESS").exists():
        told(f"scoring on {order.engine}")
        shutil.rmtree(scored, ignore_errors=True)
        score_with_spark(path, scorer.mapping, scorer.evidence, order.engine, scored)
    told("collecting the answers")
    names = scorer.schema.names
    answers = Register.open(scored, tuple(names))
    rows = 0
    for part in answers.parts(order.part_rows):
        table = pa.Table.from_batches(part.batches).select(names).cast(scorer.schema)
        summary = count_answers(table)
        write_answers(folder, part.number, table, summary)
        rows += summary.read
        progress(rows, answers.rows, 0)
    return _total(folder)
