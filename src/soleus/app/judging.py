"""Judge the engine on published patients and on everyday questions. Running is kept apart from scoring.

The truth of every record is written down before the engine runs, so that a crash or an empty answer is a counted miss.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from soleus.app.session import Session
from soleus.core.assessment import URGENCIES, Assessment
from soleus.core.problem import Problem
from soleus.core.proportion import wilson_interval
from soleus.exchange.case_file import convert_case
from soleus.reasoning.baseline import by_prevalence, by_single_cause

SUBCAUSES = {"stroke_tia": "stroke", "central_post_stroke_pain": "central_pain", "cns_demyelination": "demyelination"}
WITHIN_DAYS = ("emergency", "same_day")
NEVER = 10**6
OUTSIDE = "not_leg_cramp"  # the answer "something outside this evidence base"


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What is known to be right about one record, written before the engine runs."""

    id: str
    form: Literal["case", "question"]
    causes: tuple[str, ...]
    secondary: tuple[str, ...] = ()
    must_not_miss: tuple[str, ...] = ()
    urgent: bool | None = None
    urgency: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine answered for one record."""

    id: str
    explains: dict[str, float] = msgspec.field(default_factory=dict)
    standing: dict[str, float] = msgspec.field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    urgency: str = ""
    raised: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    phrases: int = 0
    understood: int = 0
    used: int = 0
    missed: tuple[str, ...] = ()
    read: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    crash: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A proportion with its 95 % Wilson interval."""

    value: float
    hits: int
    n: int
    low: float
    high: float


def wilson(hits: int, n: int) -> Score:
    """Return a proportion with its 95 % interval (Wilson 1927).

    Examples
    --------
    >>> score = wilson(36, 48)
    >>> round(score.low, 3), round(score.high, 3)
    (0.612, 0.851)
    """
    if n == 0:
        return Score(value=math.nan, hits=0, n=0, low=0.0, high=1.0)
    low, high = wilson_interval(hits / n, n)
    return Score(value=hits / n, hits=hits, n=n, low=low, high=high)


def read_records(path: Path) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the records of a file with one JSON object a line, and a problem for each line that is none."""
    records, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict) or "id" not in record:
                raise ValueError("not an object with an id")
            records.append(record)
        except ValueError as error:
            problems.append(
                Problem(
                    code="bad_line",
                    level="error",
                    where=f"line {number}",
                    what=str(error),
                    why="the record was not judged",
                    fix="write one JSON object a line",
                )
            )
    return records, problems


def truth_of(record: dict[str, Any]) -> Truth:
    """Return what is right for a record; it never reaches the engine."""
    if "label" in record:
        label = record["label"]
        return Truth(
            id=record["id"],
            form="question",
            causes=tuple(label["acceptable_causes"]),
            must_not_miss=tuple(label["must_not_miss"]),
            urgency=label["urgency"],
        )
    diagnosis = record["diagnosis"]
    cause = diagnosis["cause"]
    if cause == "other":
        cause = SUBCAUSES.get(diagnosis.get("subcause") or "", diagnosis.get("subcause") or "other")
    return Truth(
        id=record["id"],
        form="case",
        causes=(cause,),
        secondary=tuple(diagnosis.get("secondary_causes") or ()),
        urgent=record.get("urgent"),
    )


def case_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return the case as the engine may see it: initial items only, nothing that was learned or judged later."""
    facts = record.get("facts", record)
    history = list(facts.get("history") or ())
    case: dict[str, Any] = {
        "id": record["id"],
        "cramps": {k: v for k, v in (facts.get("cramps") or {}).items() if v},
        "history": history,
        "medicines": list(facts.get("drugs") or ()),
        "symptoms": facts.get("symptoms") or {},
        "signs": facts.get("signs") or {},
        "measurements": [
            {
                "name": x["name"],
                "value": x["value"],
                "unit": x.get("unit"),
                "low": x.get("ref_low"),
                "high": x.get("ref_high"),
            }
            for x in facts.get("labs") or ()
            if x.get("stage", "initial") == "initial" and x.get("value") is not None
        ],
        "tests": [
            {"name": x["name"], "result": x["result"]}
            for x in facts.get("tests") or ()
            if x.get("stage", "initial") == "initial"
        ],
    }
    for key in ("age", "age_band", "sex", "pregnant"):
        if record.get(key) is not None:
            case[key] = record[key]
    return case


def run_record(session: Session, record: dict[str, Any]) -> Outcome:
    """Run the engine on one record, blind to its truth; a crash is an outcome, not an exception."""
    start = time.perf_counter()
    try:
        case, problems = convert_case(case_of(record))
        assessment = session.assess(case, problems=problems, draws=0, steps=False)
    except Exception as error:
        return Outcome(id=record["id"], crash=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - start)
    seconds = time.perf_counter() - start
    facts = session.understand(case)
    baselines = {
        "prevalence": by_prevalence(session.network, facts),
        "single_cause": by_single_cause(session.network, facts),
    }
    return _outcome(record["id"], assessment, seconds, baselines)


def _outcome(key: str, assessment: Assessment, seconds: float, baselines: dict[str, dict[str, float]]) -> Outcome:
    phrases = [u for u in assessment.understood if _counts(u.phrase)]
    outside = {OUTSIDE: assessment.unexplained.value}
    explains = {answer.id: answer.explains.value for answer in assessment.causes} | outside
    standing = {answer.id: answer.standing for answer in assessment.causes} | outside
    return Outcome(
        id=key,
        explains=explains,
        standing=standing,
        baselines=baselines,
        urgency=assessment.urgency,
        raised=tuple(flag.id for flag in assessment.red_flags),
        asked=tuple(
            dict.fromkeys(cause for flag in (*assessment.red_flags, *assessment.ask_first) for cause in flag.suggests)
        ),
        phrases=len(phrases),
        understood=sum(u.understood for u in phrases),
        used=sum(bool(u.findings) for u in phrases),
        missed=tuple(u.phrase for u in phrases if not u.understood),
        read=tuple(
            (u.phrase, ", ".join(u.findings) or ("noted: " + ", ".join(u.noted) if u.understood else "?"))
            for u in phrases
        ),
        seconds=seconds,
    )


def _counts(phrase: str) -> bool:
    """Empty fillers ("not stated", "unknown") are not phrases."""
    return not re.fullmatch(r"\s*(not stated|unspecified|unknown|none|)\s*", phrase, re.I)


def rank_of(scores: dict[str, float], wanted: Iterable[str]) -> int:
    """Return the rank of the best wanted cause; ties count against us, and a cause without a score is never found.

    Examples
    --------
    >>> rank_of({"dvt": 0.5, "rls": 0.5, "cold": 0.1}, ["rls"])
    2
    """
    ranks = [sum(other >= scores[cause] for other in scores.values()) for cause in wanted if cause in scores]
    return min(ranks, default=NEVER)


def score_all(truths: Sequence[Truth], outcomes: Sequence[Outcome], shown: int = 6) -> dict[str, Any]:
    """Return all scores of a run; records of the two forms are scored apart."""
    by_id = {outcome.id: outcome for outcome in outcomes}
    scores: dict[str, Any] = {}
    cases = [
        (truth, by_id.get(truth.id, Outcome(id=truth.id, crash="no answer")))
        for truth in truths
        if truth.form == "case"
    ]
    questions = [
        (truth, by_id.get(truth.id, Outcome(id=truth.id, crash="no answer")))
        for truth in truths
        if truth.form == "question"
    ]
    if cases:
        scores["cases"] = _score_cases(cases)
    if questions:
        scores["questions"] = _score_questions(questions, shown)
    every = list(by_id.values())
    phrases, understood, used = (sum(getattr(o, name) for o in every) for name in ("phrases", "understood", "used"))
    seconds = sorted(o.seconds for o in every)
    scores["phrases_understood"] = wilson(understood, phrases)
    scores["phrases_used"] = wilson(used, phrases)
    scores["seconds_per_case"] = {"median": seconds[len(seconds) // 2], "maximum": seconds[-1]} if seconds else {}
    scores["crashes"] = [o.id for o in every if o.crash]
    return scores


def _score_cases(pairs: list[tuple[Truth, Outcome]]) -> dict[str, Any]:
    n = len(pairs)
    urgent = [(t, o) for t, o in pairs if t.urgent is True]
    others = [(t, o) for t, o in pairs if t.urgent is False]

    def sent(outcome: Outcome) -> bool:
        return outcome.urgency in WITHIN_DAYS or outcome.urgency == "soon"

    def rushed(outcome: Outcome) -> bool:
        return outcome.urgency in WITHIN_DAYS

    brier = (
        sum(sum((o.explains.get(c, 0.0) - (c in t.causes)) ** 2 for c in {*o.explains, *t.causes}) for t, o in pairs)
        / n
    )
    return {
        "n": n,
        "top1": wilson(sum(rank_of(o.standing, t.causes) == 1 for t, o in pairs), n),
        "top3": wilson(sum(rank_of(o.standing, t.causes) <= 3 for t, o in pairs), n),
        "secondary_in_top3": wilson(
            sum(rank_of(o.standing, t.secondary) <= 3 for t, o in pairs if t.secondary),
            sum(bool(t.secondary) for t, _ in pairs),
        ),
        "urgent_sensitivity": wilson(sum(sent(o) for _, o in urgent), len(urgent)),
        "urgent_specificity": wilson(sum(not sent(o) for _, o in others), len(others)),
        "urgent_sensitivity_same_day": wilson(sum(rushed(o) for _, o in urgent), len(urgent)),
        "urgent_specificity_same_day": wilson(sum(not rushed(o) for _, o in others), len(others)),
        "brier": brier,
        **_baselines(pairs),
    }


def _score_questions(pairs: list[tuple[Truth, Outcome]], shown: int) -> dict[str, Any]:
    n = len(pairs)

    def accepted(truth: Truth, outcome: Outcome, depth: int) -> bool:
        return rank_of(outcome.standing, truth.causes) <= depth

    def order(urgency: str) -> int:
        return URGENCIES.index(urgency) if urgency in URGENCIES else len(URGENCIES)

    missable = [(t, o) for t, o in pairs if t.must_not_miss]

    def raised(cause: str, outcome: Outcome) -> bool:
        return rank_of(outcome.standing, [cause]) <= shown or cause in outcome.asked

    every = sum(all(raised(c, o) for c in t.must_not_miss) for t, o in missable)
    some = sum(any(raised(c, o) for c in t.must_not_miss) for t, o in missable)
    urgent = [(t, o) for t, o in pairs if t.urgency in WITHIN_DAYS]
    calm = [(t, o) for t, o in pairs if t.urgency in ("routine", "self_care")]
    under = sum(order(o.urgency) > order(t.urgency or "") for t, o in urgent)
    return {
        "n": n,
        "accepted1": wilson(sum(accepted(t, o, 1) for t, o in pairs), n),
        "accepted3": wilson(sum(accepted(t, o, 3) for t, o in pairs), n),
        "must_not_miss": wilson(some, len(missable)),
        "must_not_miss_all": wilson(every, len(missable)),
        "under_triage": wilson(under, len(urgent)),
        "under_triage_of_all": wilson(under, n),
        "over_triage": wilson(sum(o.urgency in WITHIN_DAYS for _, o in calm), len(calm)),
        **_baselines(pairs),
    }


def _baselines(pairs: list[tuple[Truth, Outcome]]) -> dict[str, Any]:
    """Score the two simple answers on the same records: how common causes are, and one cause at a time."""
    result = {}
    for name in ("prevalence", "single_cause"):
        ranks = [rank_of(o.baselines.get(name, {}), t.causes) for t, o in pairs]
        result[f"baseline_{name}"] = {
            "top1": wilson(sum(r == 1 for r in ranks), len(ranks)),
            "top3": wilson(sum(r <= 3 for r in ranks), len(ranks)),
        }
    return result
