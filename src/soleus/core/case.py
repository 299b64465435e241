"""What a person tells: a `Case` in plain words, and the `Facts` it is understood as."""

from __future__ import annotations

from typing import Literal

import msgspec

from soleus.core.problem import Problem

Sex = Literal["female", "male"]
Setting = Literal["community", "primary_care", "emergency", "hospital", "dialysis_unit"]
Timing = Literal["night", "rest", "exercise", "continuous", "mixed", "unknown"]
Onset = Literal["acute", "subacute", "chronic", "unknown"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phrases told as present and as absent; what is in neither list is unknown."""

    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Cramps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The complaint itself, in the person's words."""

    sites: tuple[str, ...] = ()
    timing: str | None = None
    duration: str | None = None
    frequency: str | None = None
    onset: str | None = None
    triggers: tuple[str, ...] = ()
    relieved_by: tuple[str, ...] = ()


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One laboratory or bedside reading as printed, with the laboratory's own limits when known."""

    name: str
    value: float | int | str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    time: str | None = None


class TestResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A test reported in words (imaging, nerve conduction, electrocardiogram)."""

    name: str
    result: str


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person's facts, written the way people and papers write them.

    Everything is optional: what is missing is unknown, never absent.

    Parameters
    ----------
    age : float, optional
        Years. ``age_band`` such as ``"30-39"`` when only that is known.
    pregnant, pregnancy_month : optional
        ``pregnancy_month`` counts 1 to 10 from the last period (weeks divided by 4.345).
    medicines_complete : bool
        True when ``medicines`` lists everything taken; then a medicine not listed is absent, not unknown.
    findings : dict
        Findings by their evidence id, true or false, for programs and interviews.
    not_known : tuple of str
        Finding ids that were asked and answered "don't know"; they stay unknown and are not asked again.
    """

    id: str = ""
    age: float | None = None
    age_band: str | None = None
    sex: Sex | None = None
    pregnant: bool | None = None
    pregnancy_month: float | None = None
    postpartum: bool | None = None
    setting: Setting | None = None
    summary: str = ""
    cramps: Cramps = msgspec.field(default_factory=Cramps)
    history: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    medicines_complete: bool = False
    symptoms: Words = msgspec.field(default_factory=Words)
    signs: Words = msgspec.field(default_factory=Words)
    measurements: tuple[Measurement, ...] = ()
    tests: tuple[TestResult, ...] = ()
    findings: dict[str, bool] = msgspec.field(default_factory=dict)
    not_known: tuple[str, ...] = ()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose complaint it is: sets how common causes are, and is never itself a suspect."""

    age: float | None = None
    sex: Sex | None = None
    pregnancy_month: float | None = None
    postpartum: bool | None = None
    setting: Setting | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A finding known to be present or absent, and the words that said so."""

    finding: str
    present: bool
    words: str
    where: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement in the canonical unit of its quantity."""

    quantity: str
    value: float
    words: str
    low: float | None = None
    high: float | None = None
    censored: Literal["", "<", ">"] = ""


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """How one phrase was read: the findings it gave, or that it was noted, or the nearest candidates."""

    where: str
    phrase: str
    understood: bool
    findings: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A case after reading: known findings, readings, and everything that was not understood."""

    person: Person
    facts: tuple[Fact, ...] = ()
    readings: tuple[Reading, ...] = ()
    understood: tuple[Understood, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_known: tuple[str, ...] = ()

    def state(self) -> dict[str, bool]:
        """Present (True) or absent (False) by finding id; unknown findings are not in it."""
        return {fact.finding: fact.present for fact in self.facts}
