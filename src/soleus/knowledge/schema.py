"""The shape of the evidence base: what a file in ``evidence/`` may say, and nothing else.

Every number that bears on a person is a `Claim`: value, range, unit, population, source, place in the source,
how it was derived, and whether the source was read, recalled, computed or is expert opinion.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Verification = Literal["read", "recalled", "computed", "expert"]
Urgency = Literal["emergency", "same_day", "soon", "routine", "self_care"]
Kind = Literal["feature", "symptom", "sign", "history", "medicine", "laboratory", "test"]
Burden = Literal["question", "examination", "blood_test", "imaging", "specialist"]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Base of every evidence record: immutable, named fields only, unknown keys refused."""


class Claim(Record, frozen=True, kw_only=True):
    """A number with everything needed to trust or doubt it."""

    value: float
    range: tuple[float, float]
    source: str
    verification: Verification
    derivation: str
    population: str = ""
    place: str = ""
    unit: str = "probability"


class Context(Record, frozen=True, kw_only=True):
    """To whom a claim applies; an empty field does not restrict."""

    age: tuple[float, float] | None = None
    sex: Literal["female", "male"] | None = None
    pregnancy_month: tuple[float, float] | None = None
    postpartum: bool | None = None
    setting: Literal["community", "primary_care", "emergency", "hospital", "dialysis_unit"] | None = None


class Modifier(Claim, frozen=True, kw_only=True):
    """Multiplies the odds of a cause in a context (age, sex, pregnancy, setting)."""

    when: Context = msgspec.field(default_factory=Context)


class Link(Claim, frozen=True, kw_only=True):
    """P(this cause produces the finding): one arrow of the noisy-OR network."""

    finding: str


class Exposure(Claim, frozen=True, kw_only=True):
    """Relative risk of cramps in people exposed (a medicine class); never a likelihood ratio."""

    finding: str


class Association(Record, frozen=True, kw_only=True):
    """A published number that is shown but does not enter the network, and why not."""

    about: str
    measure: str
    source: str
    verification: Verification
    note: str
    value: float | None = None
    range: tuple[float, float] | None = None
    population: str = ""
    place: str = ""


class Cause(Record, frozen=True, kw_only=True):
    """One suspected reason for the complaint."""

    id: str
    name: str
    plain_name: str
    summary: str
    makes: Literal["cramp", "mimic"]
    urgency: Urgency
    see: str
    population: str
    share: Claim
    strength: Claim
    covers: tuple[str, ...] = ()
    icd10: tuple[str, ...] = ()
    snomed_ct: tuple[str, ...] = ()
    mondo: tuple[str, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    links: tuple[Link, ...] = ()
    associations: tuple[Association, ...] = ()
    tests: tuple[str, ...] = ()
    management: tuple[str, ...] = ()


class AgedClaim(Claim, frozen=True, kw_only=True):
    """A claim that may hold for a context only."""

    when: Context = msgspec.field(default_factory=Context)


class Finding(Record, frozen=True, kw_only=True):
    """Something a person, a clinician or a laboratory can report as present or absent."""

    label: str
    plain: str
    kind: Kind
    leak: Claim
    burden: Burden = "question"
    question: str = ""
    in_cramp: Claim | None = None
    leak_by_context: tuple[AgedClaim, ...] = ()
    terms: tuple[str, ...] = ()
    absent_terms: tuple[str, ...] = ()
    is_a: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    hpo: tuple[str, ...] = ()
    snomed_ct: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    notes: tuple[Association, ...] = ()


class Score(Record, frozen=True, kw_only=True):
    """Findings judged together in practice: when every item is known, the score replaces its items."""

    finding: str
    items: tuple[str, ...]
    at_least: int
    source: str
    place: str
    verification: Verification


class Level(Record, frozen=True, kw_only=True):
    """A limit on a quantity's set point, and the finding that being beyond it means."""

    finding: str
    side: Literal["below", "above"]
    limit: Claim
    laboratory_limit: bool = False
    spread: Claim | None = None


class Rhythm(Record, frozen=True, kw_only=True):
    """How a quantity moves with the clock in people who sleep at night.

    The hours are those of the highest and of the lowest value (a range may reach over midnight, below 0 or above 24).
    ``half_swing`` is half of the distance between them, in % of the daily mean.
    """

    highest_hour: Claim
    lowest_hour: Claim
    half_swing: Claim


class Quantity(Record, frozen=True, kw_only=True):
    """A laboratory or bedside measurement and how it varies within and between people."""

    label: str
    plain: str
    unit: str
    units: dict[str, float]
    plausible: tuple[float, float]
    terms: tuple[str, ...]
    distribution: Literal["normal", "lognormal"]
    population_mean: Claim
    between_person_cv: Claim
    within_person_cv: Claim
    analytical_cv: Claim
    levels: tuple[Level, ...] = ()
    offset: dict[str, float] = msgspec.field(default_factory=dict)
    molar_mass: Claim | None = None
    loinc: dict[str, str] = msgspec.field(default_factory=dict)
    reference: tuple[AgedClaim, ...] = ()
    facts: tuple[Association, ...] = ()
    rhythm: Rhythm | None = None
    burden: Burden = "blood_test"


class DopplerRow(Record, frozen=True, kw_only=True):
    """One published blood-flow figure: site, state, value and spread."""

    site: str
    state: str
    claim: Claim
    n: int | None = None
    sd: float | None = None


class RedFlag(Record, frozen=True, kw_only=True):
    """A rule that sends a person to care, whatever the probabilities say.

    ``rule`` is a list of conjunctions: the flag is raised when every literal of one of them holds. A literal is
    a finding id (present), ``!id`` (absent), ``age < 18``, ``pregnant``, ``month >= 5`` or a measurement such
    as ``calcium < 1.9`` (canonical unit).
    """

    label: str
    urgency: Urgency
    rule: tuple[tuple[str, ...], ...]
    suggests: tuple[str, ...]
    why: str
    do: str
    source: str
    place: str
    verification: Verification
    ask: tuple[str, ...] = ()
    ask_when: tuple[tuple[str, ...], ...] = ()


class Effect(Claim, frozen=True, kw_only=True):
    """A measured effect of a remedy."""

    outcome: str


class Remedy(Record, frozen=True, kw_only=True):
    """Something done against cramps: what it does, how sure that is, and who must not."""

    name: str
    kind: Literal["acute", "prevention", "procedure"]
    tier: Literal["first_line", "optional", "ask_clinician", "no_benefit_shown", "never_offered"]
    advice: str
    population: str
    effect: str
    certainty: str
    harms: str
    sources: tuple[str, ...]
    verification: Verification
    effects: tuple[Effect, ...] = ()
    causes: tuple[str, ...] = ()
    not_when: tuple[str, ...] = ()
    not_when_text: str = ""
    cost_of_being_wrong: str = ""


class Saying(Record, frozen=True, kw_only=True):
    """What the founding text says, beside what the data say."""

    says: str
    data_say: str
    sources: tuple[str, ...]
    verification: Verification
    causes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()


class Background(AgedClaim, frozen=True, kw_only=True):
    """The rate of troublesome night cramps in children; from 16 on it is the fitted curve."""


class FrequencyCurve(Record, frozen=True, kw_only=True):
    """How often people have night cramps: the shares of the five answers to one survey question, with 95 % ranges.

    ``by`` says what ``at`` counts: whole years of age, months of pregnancy, or nothing (all from 16 on, one entry).
    ``shares`` are never, once, 2 to 4, 5 to 15, and 16 to 30 times in the past month. ``at_least`` has the ranges of
    once or more, twice or more, five or more, and sixteen or more. The last year of age stands for all above it.
    """

    by: Literal["age", "pregnancy_month", "all"]
    at: tuple[int, ...]
    shares: tuple[tuple[float, float, float, float, float], ...]
    low: tuple[tuple[float, float, float, float, float], ...]
    high: tuple[tuple[float, float, float, float, float], ...]
    at_least_low: tuple[tuple[float, float, float, float], ...]
    at_least_high: tuple[tuple[float, float, float, float], ...]
    n: int
    source: str
    verification: Verification
    derivation: str
    population: str
    place: str = ""
    sex: Literal["female", "male"] | None = None


class PlainModel(Record, frozen=True, kw_only=True):
    """The simplest survey-weighted logistic regression of night cramps, kept to judge the fitted curves against.

    Log-odds = intercept + per_ten_years x (age - 50) / 10 + female + pregnant. ``prevalence`` is everybody's share.
    """

    outcome: Literal["any", "frequent"]
    intercept: float
    per_ten_years: float
    female: float
    pregnant: float
    prevalence: float
    n: int
    source: str
    verification: Verification
    derivation: str
    population: str
    place: str = ""


class Ratio(Record, frozen=True, kw_only=True):
    """A relative risk with its 95 % range."""

    value: float
    range: tuple[float, float]


class RelativeRisk(Record, frozen=True, kw_only=True):
    """How much more often people who have or take something have five or more night cramps a month: an association.

    It is no likelihood ratio and is never used as one. ``adjusted`` is for age, sex, education, body mass index and
    smoking; ``adjusted_for_health`` also for self-rated health and the number of medicines; ``calibrated`` is that
    with the error that the negative controls show. ``jerks`` is the last model with leg jerks in place of cramps: what
    is told of them alike is no sign of a cramp.
    """

    label: str
    kind: Literal["medicine", "condition"]
    exposed: int
    exposed_with_cramps: int
    crude: Ratio
    adjusted: Ratio
    adjusted_for_health: Ratio
    calibrated: Ratio
    jerks: Ratio
    source: str
    verification: Verification
    derivation: str
    population: str
    place: str = ""
    finding: str = ""
    negative_control: str = ""
    lesson: str = ""


class Release(Record, frozen=True, kw_only=True):
    """What this release of the evidence is, and the numbers all causes share."""

    version: str
    date: str
    reference_rate: Claim
    other_complaint: Claim
    background: tuple[Background, ...]
    changes: tuple[str, ...] = ()


class Reference(Record, frozen=True, kw_only=True):
    """One entry of the bibliography."""

    title: str
    authors: str = ""
    year: str = ""
    journal: str = ""
    doi_or_url: str = ""
    note: str = ""


class MedicineWords(Record, frozen=True, kw_only=True):
    """The medicine lexicon: ingredients to classes, brands to ingredients, everyday words to classes."""

    ingredients: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    brands: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    class_words: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Evidence(Record, frozen=True, kw_only=True):
    """The whole evidence base of one release, checked."""

    causes: dict[str, Cause]
    findings: dict[str, Finding]
    quantities: dict[str, Quantity]
    doppler: dict[str, DopplerRow]
    remedies: dict[str, Remedy]
    red_flags: dict[str, RedFlag]
    sayings: dict[str, Saying]
    scores: dict[str, Score]
    policy: dict[str, Claim]
    cramp_frequency: dict[str, FrequencyCurve]
    plain_models: dict[str, PlainModel]
    relative_risks: dict[str, RelativeRisk]
    rival_explanations: dict[str, Claim]
    release: Release
    references: dict[str, Reference]
    vocabulary: dict[str, dict[str, object]]
    medicines: dict[str, object]
    all_absent: dict[str, tuple[str, ...]]
    hash: str
