"""The one answer everything a person sees is made from."""

from __future__ import annotations

from typing import Literal

import msgspec

from soleus.core.case import Person, Understood
from soleus.core.problem import Problem

Urgency = Literal["emergency", "same_day", "soon", "routine", "self_care"]
URGENCIES: tuple[Urgency, ...] = ("emergency", "same_day", "soon", "routine", "self_care")


class Probability(msgspec.Struct, frozen=True, kw_only=True):
    """A probability with the interval that the uncertain numbers behind it leave (95 %)."""

    value: float
    low: float
    high: float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact did to one cause.

    ``log_odds`` (natural logarithm) of all steps and of the prior add up to the posterior's, exactly, for
    "explains"; ``log_odds_present`` likewise for "present".
    """

    finding: str
    label: str
    state: Literal["present", "absent", "measured"]
    words: str
    log_odds: float
    log_odds_present: float
    claim: str
    source: str
    verification: str


class CauseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One suspect: how likely it is there, how likely it explains the complaint, and why.

    ``standing`` orders the suspects: the greater of ``explains`` and of what was told adds to ``present``. A disease
    that was found belongs at the top even if it does not always cramp; one that is common anyway does not.
    """

    id: str
    name: str
    plain_name: str
    summary: str
    makes: Literal["cramp", "mimic", "background"]
    present: Probability
    explains: Probability
    prior_explains: float
    prior_present: float
    standing: float
    steps: tuple[Step, ...]
    tests: tuple[str, ...]
    management: tuple[str, ...]
    urgency: Urgency
    see: str
    share_source: str


class RaisedFlag(msgspec.Struct, frozen=True, kw_only=True):
    """A red flag that is raised, or that cannot be judged until something is asked."""

    id: str
    label: str
    urgency: Urgency
    triggers: tuple[str, ...]
    ask: tuple[str, ...]
    ask_findings: tuple[str, ...]
    suggests: tuple[str, ...]
    why: str
    do: str
    source: str
    verification: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth asking, examining or measuring next, and the reason in words."""

    finding: str
    label: str
    question: str
    burden: str
    gain_bits: float
    why: str
    changes_advice: bool


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask next, and whether anything left would change the advice."""

    questions: tuple[Question, ...]
    stop: bool
    reason: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the readings of one quantity say about the person's set point."""

    quantity: str
    label: str
    unit: str
    readings: tuple[float, ...]
    set_point: float
    low: float
    high: float
    finding: str
    finding_label: str
    beyond: float
    likelihood_ratio: float
    note: str


class Cramp(msgspec.Struct, frozen=True, kw_only=True):
    """Is it a true muscle cramp? With the features for and against."""

    probability: Probability
    prior: float
    steps: tuple[Step, ...]
    verdict: str


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, or not to do, with its effect, certainty and harms."""

    id: str
    name: str
    kind: Literal["now", "prevention", "ask_clinician", "not"]
    advice: str
    effect: str
    certainty: str
    harms: str
    sources: tuple[str, ...]
    verification: str
    blocked: str = ""


class SayingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is often said, beside what the data say and what it means for this person."""

    says: str
    data_say: str
    for_you: str
    sources: tuple[str, ...]
    verification: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What produced the answer; the same manifest and input give the same bytes."""

    software: str
    evidence: str
    evidence_hash: str
    draws: int
    omitted_mass: float


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer to one case."""

    id: str
    person: Person
    urgency: Urgency
    urgency_reason: str
    red_flags: tuple[RaisedFlag, ...]
    ask_first: tuple[RaisedFlag, ...]
    cramp: Cramp
    causes: tuple[CauseAnswer, ...]
    unexplained: Probability
    measured: tuple[Measured, ...]
    inquiry: Inquiry
    advice: tuple[Advice, ...]
    sayings: tuple[SayingAnswer, ...]
    understood: tuple[Understood, ...]
    problems: tuple[Problem, ...]
    manifest: Manifest
