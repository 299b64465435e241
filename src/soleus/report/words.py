"""Words and numbers shared by the text and the HTML report."""

from __future__ import annotations

from soleus.core.assessment import Assessment, CauseAnswer, Probability, Step

URGENCY_WORDS = {
    "emergency": "EMERGENCY: call an ambulance or go to an emergency department now",
    "same_day": "SAME DAY: have this seen by a clinician today",
    "soon": "SOON: see a clinician within days, at most two weeks",
    "routine": "ROUTINE: mention it at an ordinary visit",
    "self_care": "SELF-CARE: nothing alarming is known",
}
URGENCY_SHORT = {
    "emergency": "now, emergency",
    "same_day": "today",
    "soon": "within two weeks",
    "routine": "an ordinary visit",
    "self_care": "self-care",
}
DISCLAIMER = "Soleus informs; it does not diagnose, it is not a medical device, and it starts or stops no medicine."
SHOWN_CAUSES = 6
SHOWN_STEPS = 6
LIKELY = 0.02


def percent(p: float) -> str:
    """Return a probability as people read it.

    Examples
    --------
    >>> percent(0.4567), percent(0.0312), percent(0.00001), percent(0.9999)
    ('46 %', '3.1 %', 'under 0.1 %', 'over 99.9 %')
    """
    if p < 0.001:
        return "under 0.1 %"
    if p > 0.999:
        return "over 99.9 %"
    return f"{100 * p:.1f} %" if p < 0.1 or p > 0.95 else f"{100 * p:.0f} %"


def interval(p: Probability) -> str:
    """Return a probability with its interval, such as "46 % (31 to 60)"."""
    low, high = percent(p.low).removesuffix(" %"), percent(p.high).removesuffix(" %")
    return f"{percent(p.value)} ({low} to {high})"


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
    return {"present": "", "absent": "no: ", "measured": "measured: "}[step.state] + step.label


def strength_words(log_odds: float) -> str:
    """Return how strongly a step speaks, in words.

    Examples
    --------
    >>> strength_words(2.5), strength_words(-0.3)
    ('strongly for (odds x 12)', 'a little against (odds / 1.3)')
    """
    import math

    size = abs(log_odds)
    degree = "very strongly" if size > 3.4 else "strongly" if size > 1.6 else "clearly" if size > 0.7 else "a little"
    factor = f"{min(math.exp(size), 999999):.2g}"
    factor = f"{float(factor):g}"
    return f"{degree} for (odds x {factor})" if log_odds >= 0 else f"{degree} against (odds / {factor})"


def listed(parts: tuple[str, ...]) -> str:
    """Return sentences or parts as one list without doubled full stops.

    Examples
    --------
    >>> listed(("Ferritin.", "TSH"))
    'Ferritin; TSH'
    """
    return "; ".join(part.rstrip(". ") for part in parts)
