"""Words and numbers shared by the text and the HTML report."""

from __future__ import annotations

from soleus.core.assessment import Assessment, CauseAnswer, Probability, Step
from soleus.core.message import Message, say

URGENCY_WORDS = {
    "emergency": say("EMERGENCY: call an ambulance or go to an emergency department now"),
    "same_day": say("SAME DAY: have this seen by a clinician today"),
    "soon": say("SOON: see a clinician within days, at most two weeks"),
    "routine": say("ROUTINE: mention it at an ordinary visit"),
    "self_care": say("SELF-CARE: nothing alarming is known"),
}
URGENCY_SHORT = {
    "emergency": say("now, emergency"),
    "same_day": say("today"),
    "soon": say("within two weeks"),
    "routine": say("an ordinary visit"),
    "self_care": say("self-care"),
}
DISCLAIMER = say(
    "Soleus informs; it does not diagnose, it is not a medical device, and it starts or stops no medicine."
)
SHOWN_CAUSES = 6
SHOWN_STEPS = 6
LIKELY = 0.02


def percent(p: float) -> Message:
    """Return a probability as people read it.

    Examples
    --------
    >>> percent(0.4567), percent(0.0312), percent(0.00001), percent(0.9999)
    ('46 %', '3.1 %', 'under 0.1 %', 'over 99.9 %')
    """
    return say("{number} %", number=_hundredths(p))


def interval(p: Probability) -> Message:
    """Return a probability with its interval, such as "46 % (31 to 60)"."""
    low, high = _hundredths(p.low), _hundredths(p.high)
    return say("{probability} ({low} to {high})", probability=percent(p.value), low=low, high=high)


def _hundredths(p: float) -> Message:
    if p < 0.001:
        return say("under 0.1")
    if p > 0.999:
        return say("over 99.9")
    return say("{p:.1f}", p=100 * p) if p < 0.1 or p > 0.95 else say("{p:.0f}", p=100 * p)


def shown_causes(assessment: Assessment) -> list[CauseAnswer]:
    """Return the causes worth showing: the first three, and others up to a limit while they are likely enough."""
    return [
        answer
        for i, answer in enumerate(assessment.causes[:SHOWN_CAUSES])
        if i < 3 or answer.explains.value >= LIKELY or answer.present.value >= 0.5
    ]


def strongest_steps(steps: tuple[Step, ...], count: int = SHOWN_STEPS) -> list[Step]:
    """Return the steps that moved the answer most, strongest first."""
    ranked = sorted(steps, key=lambda step: (-abs(step.log_odds), step.finding))
    return [step for step in ranked if abs(step.log_odds) >= 0.05][:count]


def state_words(step: Step) -> str:
    """Return "present", "absent" or "measured" with the label, as a short sentence part."""
    if step.state == "absent":
        return say("no: {label}", label=step.label)
    return say("measured: {label}", label=step.label) if step.state == "measured" else step.label


def strength_words(log_odds: float) -> Message:
    """Return how strongly a step speaks, in words.

    Examples
    --------
    >>> strength_words(2.5), strength_words(-0.3)
    ('strongly for (odds x 12)', 'a little against (odds / 1.3)')
    """
    import math

    size = abs(log_odds)
    odds = float(f"{min(math.exp(size), 999999):.2g}")
    if log_odds >= 0:
        if size > 3.4:
            return say("very strongly for (odds x {odds:g})", odds=odds)
        if size > 1.6:
            return say("strongly for (odds x {odds:g})", odds=odds)
        if size > 0.7:
            return say("clearly for (odds x {odds:g})", odds=odds)
        return say("a little for (odds x {odds:g})", odds=odds)
    if size > 3.4:
        return say("very strongly against (odds / {odds:g})", odds=odds)
    if size > 1.6:
        return say("strongly against (odds / {odds:g})", odds=odds)
    if size > 0.7:
        return say("clearly against (odds / {odds:g})", odds=odds)
    return say("a little against (odds / {odds:g})", odds=odds)


def listed(parts: tuple[str, ...]) -> str:
    """Return sentences or parts as one list without doubled full stops.

    Examples
    --------
    >>> listed(("Ferritin.", "TSH"))
    'Ferritin; TSH'
    """
    return "; ".join(part.rstrip(". ") for part in parts)
