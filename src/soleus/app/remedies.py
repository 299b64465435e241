"""What helps: the remedies of the evidence base in the order in which a person needs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from soleus.core.assessment import Assessment
from soleus.core.message import Message, say
from soleus.knowledge.schema import Effect, Evidence, Remedy

GroupId = Literal["now", "prevention", "ask_clinician", "no_benefit", "never"]
GROUPS: dict[GroupId, tuple[Message, Message]] = {
    "now": (say("In the cramp, now"), say("What stops a cramp, or eases what it leaves.")),
    "prevention": (
        say("What may prevent it"),
        say("What you can try yourself. No remedy is proven for everyone; your diary can show what it does for you."),
    ),
    "ask_clinician": (
        say("Ask a doctor or pharmacist first"),
        say("It may help some people, and it can harm others. Start or stop no medicine by yourself."),
    ),
    "no_benefit": (
        say("No benefit shown"),
        say("Often recommended; tested, or never tested well, and not shown to help."),
    ),
    "never": (
        say("What Soleus will not suggest, and why"),
        say("It does something, but what it can cost is out of proportion to what it does."),
    ),
}
RATIOS = ("odds ratio", "risk ratio", "hazard ratio")


class EffectShown(msgspec.Struct, frozen=True, kw_only=True):
    """A measured effect with its 95 % interval; ``none`` is the value that means no effect, if there is such a one."""

    outcome: str
    value: float
    low: float
    high: float
    unit: str
    none: float | None
    clear: bool
    population: str
    source: str
    verification: str
    derivation: str


class RemedyShown(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy with everything needed to weigh it.

    ``for_causes`` are the causes that it is for (empty: whatever the cause); ``fits`` says whether one of them is a
    likely explanation here, True when it is for any cause, None when no interview was held.
    """

    id: str
    name: str
    group: GroupId
    advice: str
    population: str
    effect: str
    effects: tuple[EffectShown, ...]
    certainty: str
    harms: str
    must_not: str
    blocked: str
    cost_of_being_wrong: str
    for_causes: tuple[str, ...]
    fits: bool | None
    sources: tuple[str, ...]
    verification: str


class RemedyGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Remedies of one kind, in order."""

    id: GroupId
    title: str
    intro: str
    remedies: tuple[RemedyShown, ...]


def list_remedies(evidence: Evidence, assessment: Assessment | None = None) -> tuple[RemedyGroup, ...]:
    """Return all remedies by what a person does with them.

    Parameters
    ----------
    evidence : Evidence
    assessment : Assessment, optional
        Of this person; says which remedies are not for them and which fit the likely causes.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> groups = list_remedies(load_evidence())
    >>> [group.id for group in groups], groups[0].remedies[0].id, groups[-1].remedies[0].id
    (['now', 'prevention', 'ask_clinician', 'no_benefit', 'never'], 'acute_stretch', 'quinine')
    """
    likely: frozenset[str] | None = None
    blocked: dict[str, str] = {}
    if assessment is not None:
        least = evidence.policy["cause_worth_advice"].value
        likely = frozenset(answer.id for answer in assessment.causes if answer.explains.value >= least)
        blocked = {advice.id: advice.blocked for advice in assessment.advice if advice.blocked}
    shown = [_show(key, remedy, evidence, likely, blocked.get(key, "")) for key, remedy in evidence.remedies.items()]
    return tuple(
        RemedyGroup(id=key, title=title, intro=intro, remedies=_ordered(evidence, (r for r in shown if r.group == key)))
        for key, (title, intro) in GROUPS.items()
    )


def _ordered(evidence: Evidence, remedies: Iterable[RemedyShown]) -> tuple[RemedyShown, ...]:
    """Order remedies: those that fit before others, first-line ones first, blocked ones last."""
    tiers = ("first_line", "optional", "ask_clinician", "no_benefit_shown", "never_offered")

    def order(remedy: RemedyShown) -> tuple[bool, bool, int, bool]:
        tier = tiers.index(evidence.remedies[remedy.id].tier)
        return remedy.fits is False, bool(remedy.blocked), tier, bool(remedy.for_causes)

    return tuple(sorted(remedies, key=order))


def group_of(remedy: Remedy) -> GroupId:
    """Return where a remedy is shown."""
    if remedy.tier == "never_offered":
        return "never"
    if remedy.tier == "no_benefit_shown":
        return "no_benefit"
    if remedy.tier == "ask_clinician":
        return "ask_clinician"
    return "now" if remedy.kind == "acute" else "prevention"


def _show(key: str, remedy: Remedy, evidence: Evidence, likely: frozenset[str] | None, blocked: str) -> RemedyShown:
    fits = None if likely is None else not remedy.causes or bool(likely & set(remedy.causes))
    if blocked and all(literal.startswith("!") for literal in remedy.not_when):
        fits, blocked = (
            False,
            "",
        )  # it needs something that is not there (stopping quinine without taking it): no danger
    return RemedyShown(
        id=key,
        name=remedy.name,
        group=group_of(remedy),
        advice=remedy.advice,
        population=remedy.population,
        effect=remedy.effect,
        effects=tuple(map(show_effect, remedy.effects)),
        certainty=remedy.certainty,
        harms=remedy.harms,
        must_not=remedy.not_when_text,
        blocked=blocked,
        cost_of_being_wrong=remedy.cost_of_being_wrong,
        for_causes=tuple(evidence.causes[cause].plain_name for cause in remedy.causes),
        fits=fits,
        sources=remedy.sources,
        verification=remedy.verification,
    )


def show_effect(effect: Effect) -> EffectShown:
    """Return an effect with the value that means none: 1 for ratios, 0 for differences, none for a bare share."""
    none = 1.0 if effect.unit in RATIOS else None if effect.unit == "probability" else 0.0
    low, high = effect.range
    return EffectShown(
        outcome=effect.outcome,
        value=effect.value,
        low=low,
        high=high,
        unit=effect.unit,
        none=none,
        clear=none is not None and not low <= none <= high,
        population=effect.population,
        source=effect.source,
        verification=effect.verification,
        derivation=effect.derivation,
    )
