"""Every sentence of the computing rooms can be said in another language: a message, or a text of the evidence."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soleus.app.diary_report import report_diary
from soleus.app.judging import case_of, read_records
from soleus.app.log_wording import say_back
from soleus.app.measurement_report import report_series
from soleus.app.record_case import case_with_record
from soleus.app.session import load_session
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.core.message import Message
from soleus.core.problem import Problem
from soleus.core.record import KINDS, Entry, Episode, Factor, Night, NightCount, Sample, check_entry
from soleus.exchange.case_file import CaseError, convert_case, decode_case, parse_case, read_case
from soleus.monitoring.protocol import evaluate
from soleus.monitoring.ready_protocols import PROTOCOLS, VEIN_VELOCITY
from soleus.report.diary_view import clock_words, nights_words, series_words, weeks_words
from soleus.report.words import interval, percent, strength_words

ROOT = Path(__file__).parents[3]
SESSION = load_session()
EVIDENCE = SESSION.evidence
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
CASES = sorted(path for path in (ROOT / "examples").glob("*.*") if path.suffix in (".toml", ".json", ".yaml"))
RECORDS = [
    (path.stem, record)
    for path in sorted((ROOT / "tests/cases").glob("*.jsonl"))
    for record in read_records(path)[0][::40]
]


def texts_in(value: Any) -> Iterator[str]:
    """All texts in an answer, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_in(getattr(value, name))


@lru_cache(maxsize=1)
def evidence_texts() -> frozenset[str]:
    return frozenset(texts_in(EVIDENCE))


def can_be_told(text: str) -> bool:
    return not text or isinstance(text, Message) or text in evidence_texts()


def problem_sentences(problems: tuple[Problem, ...] | list[Problem]) -> Iterator[tuple[str, str]]:
    for problem in problems:
        for name in ("what", "why", "fix"):
            yield f"{problem.code}.{name}", getattr(problem, name)


def sentences(answer: Assessment) -> Iterator[tuple[str, str]]:
    yield "urgency_reason", answer.urgency_reason
    yield "verdict", answer.cramp.verdict
    yield "inquiry", answer.inquiry.reason
    for step in (*answer.cramp.steps, *(step for cause in answer.causes for step in cause.steps)):
        yield "claim", step.claim
    for measured in answer.measured:
        yield "note", measured.note
    for question in answer.inquiry.questions:
        yield "question", question.question
        yield "why", question.why
    for flag in (*answer.red_flags, *answer.ask_first):
        for text in (*flag.triggers, *flag.ask):
            yield "trigger", text
    for advice in answer.advice:
        yield "blocked", advice.blocked
    for saying in answer.sayings:
        yield "for_you", saying.for_you
    yield from problem_sentences(answer.problems)


def untold(found: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    every = list(found)
    assert every
    return [(place, text) for place, text in every if not can_be_told(text)]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_of_an_example(path: Path) -> None:
    case, problems = read_case(path)
    assert untold(sentences(SESSION.assess(case, problems=problems, draws=0))) == []


@pytest.mark.parametrize("record", [record for _, record in RECORDS], ids=[record["id"] for _, record in RECORDS])
def test_of_a_published_case(record: dict[str, Any]) -> None:
    case, problems = convert_case(case_of(record))
    assert untold(sentences(SESSION.assess(case, problems=problems, draws=0))) == []


@pytest.mark.parametrize(
    "data",
    [
        {"age": 300, "ag": 4, "history": "diabetes", "pregnancy_month": 44},
        {"pregnant": True, "sex": "male"},
        {"pregnant": True, "age_band": "old"},
        {"findings": {"nope": True}, "cramps": {"sitess": ["a"]}, "medicines_complete": True},
        {"symptoms": {"present": ["sudden onset", "chronic"], "absent": ["sudden onset"]}},
        {"measurements": [{"name": "calcium", "value": float("inf")}, {"name": "calcum", "value": 9.2}]},
        {"measurements": [{"name": "calcium", "value": 9.2, "unit": "mmol/L"}, {"name": "sodium", "value": "high"}]},
        {"measurements": [{"name": "calcium", "value": 2.2, "unit": "bananas"}, {"name": "U&E", "value": "abnormal"}]},
        {"measurements": [{"name": "CK", "value": "10 x ULN"}, {"name": "calcium", "value": 99.0, "unit": "mmol/L"}]},
        {"not_known": list(EVIDENCE.findings)},
    ],
    ids=lambda data: ",".join(data),
)
def test_of_a_case_with_mistakes(data: dict[str, Any]) -> None:
    case, problems = convert_case(data)
    found = untold(sentences(SESSION.assess(case, problems=problems, draws=0)))
    assert found == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "toml"),
        ("x", "odt"),
        ('{"a":1,"a":2}', "json"),
        ("[1]", "json"),
        ('{"age":NaN}', "json"),
        ("a: *b", "yaml"),
    ],
)
def test_of_a_file_that_cannot_be_read(text: str, form: str) -> None:
    with pytest.raises(CaseError) as error:
        parse_case(text, form)
    assert untold(problem_sentences(error.value.problems)) == []


@pytest.mark.parametrize("raw", [b"\xff", b"\0", b" " * 1_000_001])
def test_of_a_file_that_is_no_text(raw: bytes) -> None:
    with pytest.raises(CaseError) as error:
        decode_case(raw, "file")
    assert untold(problem_sentences(error.value.problems)) == []


def entries_of(name: str) -> dict[str, list[Any]]:
    told = json.loads((ROOT / "examples" / name / "entries.json").read_text("utf-8"))["entries"]
    return {kind: [msgspec.convert(entry, KINDS[kind]) for entry in told[kind]] for kind in told}


def counts_of(entries: dict[str, list[Any]]) -> list[NightCount]:
    found: dict[date, int] = {}
    for episode in entries["episodes"]:
        found[episode.night_of] = found.get(episode.night_of, 0) + 1
    for night in entries["nights"]:
        if night.cramps is not None:
            found[night.night_of] = max(found.get(night.night_of, 0), night.cramps)
    return [NightCount(night_of=night, cramps=found[night]) for night in sorted(found)]


def test_of_the_diary() -> None:
    entries = entries_of("diary")
    counts = counts_of(entries)
    first, last = counts[0].night_of, counts[-1].night_of
    report = report_diary(
        counts, entries["episodes"], entries["nights"], entries["factors"], first, last, evidence=EVIDENCE, age=68
    )
    assert report.people is not None
    assert report.change is not None
    said = [report.rate.says, report.clock.says, report.people.says, report.people.step, report.change.reason]
    said += [rival.why for rival in report.change.rivals]
    said += [text for found in report.triggers.shown for text in (found.says, found.contrast)]
    said += [waiting.reason for waiting in report.triggers.not_yet]
    said += [nights_words(report.nights), weeks_words(report.weeks), clock_words(report.hours)]
    assert report.triggers.shown or report.triggers.not_yet
    assert untold(("diary", text) for text in said) == []
    _, shown, notes = case_with_record(Case(), entries["episodes"], counts, entries["samples"], EVIDENCE)
    assert untold(("shown", item.words) for item in shown) == []
    assert [text for _, text in problem_sentences(notes) if not can_be_told(text)] == []
    for night in {episode.night_of for episode in entries["episodes"]}:
        same = [episode for episode in entries["episodes"] if episode.night_of == night]
        assert isinstance(say_back(same, now=False), Message)


def series(quantity: str, unit: str, values: list[float], **told: Any) -> list[Sample]:
    return [
        Sample(
            id=f"{i}", recorded_at=NOW, zone="UTC", quantity=quantity, unit=unit, value=value,
            taken_at=datetime(2026, 9, 1, 8 if i % 2 else 20, tzinfo=UTC) + timedelta(days=i // 2), **told,
        )
        for i, value in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "samples",
    [
        series("calcium", "mmol/L", [2.15]),
        series("calcium", "mmol/L", [2.15, 2.3, 2.2, 2.1] * 5),
        series("calcium", "mmol/L", [2.4] * 10 + [1.9] * 10),
        series("creatine_kinase", "U/L", [100.0, 120.0, 900.0, 1000.0] * 20),
        series("calcium", "bananas", [2.15, 2.3]),
        series("calf girth", "cm", [34.0 + i % 3 for i in range(40)]),
    ],
    ids=["one", "noise", "step", "ratios", "unit", "own"],
)
def test_of_a_series(samples: list[Sample]) -> None:
    report = report_series(samples[0].quantity, samples, EVIDENCE)
    assert untold(("line", line) for line in report.lines) == []
    assert can_be_told(report.view.verdict)
    assert isinstance(series_words(report.view), Message)
    _, _, notes = case_with_record(Case(), [], [], samples, EVIDENCE)
    assert [text for _, text in problem_sentences(notes) if not can_be_told(text)] == []


def test_of_a_protocol() -> None:
    told = series(VEIN_VELOCITY.quantity, "cm/s", [20.0] * 20, posture="sitting", leg="left")
    report = evaluate(VEIN_VELOCITY, told, evidence=EVIDENCE)
    said = [report.says, *report.warnings, *(sitting.why_not for sitting in report.sittings)]
    for protocol in PROTOCOLS.values():
        said += [*protocol.why, *protocol.instructions()]
    assert untold(("protocol", text) for text in said) == []


def entry(made: type[Entry], **told: Any) -> Any:
    return made(**{"id": "1", "recorded_at": NOW, "zone": "UTC", **told})


@pytest.mark.parametrize(
    "wrong",
    [
        entry(Episode, night_of=date(2026, 11, 25), duration_s=-5.0, pain=11),
        entry(Episode, night_of=date(2027, 11, 25), duration_s=1e9),
        entry(Episode, night_of=date(2026, 11, 25), zone="Mars/Base"),
        entry(Episode, night_of=date(2026, 11, 25), started_at=datetime(2026, 11, 20, 3, tzinfo=UTC), id=""),
        entry(Night, night_of=date(2026, 11, 25), cramps=99, slept_h=30.0),
        entry(Factor, night_of=date(2026, 11, 25), name=" ", value=1e9),
        entry(Sample, taken_at=datetime(2027, 1, 1, tzinfo=UTC), quantity=" ", value=float("nan")),
        entry(Sample, taken_at=datetime(2026, 1, 1), quantity="calcium", value=2.2),
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_of_an_entry_that_cannot_be_stored(wrong: Any) -> None:
    assert untold(problem_sentences(check_entry(wrong, NOW))) == []


def test_of_the_words_for_numbers() -> None:
    answer = SESSION.assess({"age": 68}, draws=0)
    said = [percent(p) for p in (0.0, 0.05, 0.5, 0.97, 1.0)] + [interval(answer.cramp.probability)]
    said += [strength_words(x) for x in (4.0, 2.0, 1.0, 0.1, -0.1, -1.0, -2.0, -4.0)]
    assert all(isinstance(text, Message) for text in said)


def test_reports_hold_dataclasses_that_can_be_encoded() -> None:
    report = report_series("calcium", series("calcium", "mmol/L", [2.15, 2.3]), EVIDENCE)
    assert dataclasses.is_dataclass(report)
    assert msgspec.json.encode(report, enc_hook=str)
