"""``soleus evaluate``: run the engine on records and print its scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from soleus.app.cli.assess import encode
from soleus.app.cli.main import ANSWERED_WITH_ERRORS, NOT_READ, OK
from soleus.app.judging import Outcome, Score, Truth, rank_of, read_records, run_record, score_all, truth_of
from soleus.report.words import SHOWN_CAUSES


def run_evaluate(file: str, *, as_json: bool, table: bool, phrases: bool) -> int:
    """Judge the engine on the records of a file; return the exit code."""
    try:
        records, problems = read_records(Path(file))
    except (OSError, UnicodeDecodeError) as error:
        print(f"error: {file} cannot be read: {error}", file=sys.stderr)
        return NOT_READ
    for problem in problems:
        print(problem, file=sys.stderr)
    truths = []
    for record in records:
        try:
            truths.append(truth_of(record))
        except (KeyError, TypeError) as error:
            print(f"error: record {record['id']}: no truth to judge by ({error})", file=sys.stderr)
    if not truths:
        print("error: no record with a diagnosis or a label; see docs/evaluate.md", file=sys.stderr)
        return NOT_READ
    outcomes = _run(records, {truth.id for truth in truths})
    scores = score_all(truths, outcomes, SHOWN_CAUSES)
    if as_json:
        print(encode(scores))
    elif table:
        _print_table(truths, outcomes)
    elif phrases:
        for outcome in outcomes:
            for phrase, reading in outcome.read:
                print(f"{outcome.id}\t{phrase}\t{reading}")
    else:
        _print_scores(scores)
    return ANSWERED_WITH_ERRORS if problems or scores["crashes"] else OK


def _run(records: list[dict[str, Any]], judged: set[str]) -> list[Outcome]:
    from soleus.app.session import load_session

    session = load_session()
    outcomes = []
    for i, record in enumerate(records, start=1):
        if record["id"] in judged:
            outcomes.append(run_record(session, record))
        if sys.stderr.isatty():
            print(f"\r{i} of {len(records)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r" + " " * 20 + "\r", end="", file=sys.stderr)
    return outcomes


def _print_scores(scores: dict[str, Any], indent: int = 0) -> None:
    for name, value in scores.items():
        pad = " " * indent
        if isinstance(value, Score):
            print(f"{pad}{name:32} {value.value:.3f} ({value.low:.3f} to {value.high:.3f}), {value.hits} of {value.n}")
        elif isinstance(value, dict):
            print(f"{pad}{name}")
            _print_scores(value, indent + 2)
        elif isinstance(value, float):
            print(f"{pad}{name:32} {value:.4g}")
        else:
            print(f"{pad}{name:32} {msgspec.json.encode(value, enc_hook=str).decode()}")


def _print_table(truths: list[Truth], outcomes: list[Outcome]) -> None:
    by_id = {outcome.id: outcome for outcome in outcomes}
    print("id\trank\ttruth\tfirst\tsecond\tthird\turgent\tcalled\tflags\tunderstood\tmissed")
    for truth in truths:
        o = by_id[truth.id]
        top = sorted(o.standing.items(), key=lambda item: (-item[1], item[0]))[:3]
        names = [f"{name} {value:.2f}" for name, value in top] + ["-"] * (3 - len(top))
        urgent = truth.urgency or ("urgent" if truth.urgent else "not urgent")
        print(
            "\t".join(
                [
                    o.id,
                    str(rank_of(o.standing, truth.causes)),
                    "/".join(truth.causes),
                    *names,
                    urgent,
                    o.urgency or o.crash,
                    ",".join(o.raised) or "-",
                    f"{o.understood}/{o.phrases}",
                    " | ".join(o.missed),
                ]
            )
        )
