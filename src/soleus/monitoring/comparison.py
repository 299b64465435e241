"""Where a person's night cramps lie among people of the same age and sex.

The survey asked how often in the past month people had leg cramps while trying to sleep, in five steps. Within a step
nobody can be told from another, so the answer is in steps: how many have them less often, as often, more often.

Source: NHANES 2005-2006, question SLQ160, smoothed over age as computed in the evidence base (`cramp_frequency`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from soleus.core.message import Message, say
from soleus.knowledge.schema import Evidence, FrequencyCurve
from soleus.monitoring.cramp_rate import CrampRate

MONTH = 30.0  # choice: the survey's longest answer is 30 nights
# the limits between the answers never, 1, 2 to 4, 5 to 15 and 16 to 30, half way between whole nights
LIMITS = (0.5, 1.5, 4.5, 15.5)
ANSWERS = (
    say("never"),
    say("once a month"),
    say("2 to 4 times a month"),
    say("5 to 15 times a month"),
    say("16 to 30 times a month"),
)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of people with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A person among people of the same age and sex, or in the same month of pregnancy.

    ``nights_per_month`` with ``nights_low`` and ``nights_high``: the person's own, with the 95 % interval if known.
    ``step``: the answer of the survey that this is; ``step_low`` and ``step_high`` the answers at the interval's ends.
    ``fewer``, ``same``, ``more``: shares of people; the intervals hold what is uncertain in the person and in the
    survey. ``steps_apart`` is True when the person's interval reaches into more than one answer. ``n`` is the number of
    people behind the whole curve, to which those of other ages lend strength; ``row`` names it.
    """

    nights_per_month: float
    nights_low: float
    nights_high: float
    step: str
    step_low: str
    step_high: str
    fewer: Share
    same: Share
    more: Share
    population: str
    n: int
    row: str
    source: str

    @property
    def steps_apart(self) -> bool:
        """Whether the person's own interval reaches into more than one answer."""
        return self.step_low != self.step_high

    @property
    def says(self) -> Message:
        """One plain sentence."""
        return say(
            "Of 100 {population}, {fewer:.0f} have night cramps less often, {same:.0f} as often ({step}), and "
            "{more:.0f} more often.",
            population=self.population,
            fewer=100 * self.fewer.value,
            same=100 * self.same.value,
            step=self.step,
            more=100 * self.more.value,
        )


def compare_with_people(
    rate: CrampRate | float,
    age: float | None,
    sex: Literal["female", "male"] | None,
    evidence: Evidence,
    pregnancy_month: float | None = None,
) -> Comparison | None:
    """Return where a person lies among people of the same age and sex; None when no night was recorded.

    Assumes that the person would answer the survey with the nights that the diary counts; people remember less well.

    Parameters
    ----------
    rate : CrampRate or float
        The diary's rate, or nights with cramps a month, 0 to 31, when there is no diary.
    age : float, optional
        Years; unknown, all ages from 16 are taken.
    sex : {"female", "male"}, optional
        Unknown, both are taken.
    evidence : Evidence
    pregnancy_month : float, optional
        1 to 10: then the person is compared with women in that month; 0 or unknown is not pregnant.

    Raises
    ------
    ValueError
        An age below 16, where nobody was asked, or nights a month that cannot be.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> found = compare_with_people(8, 65, "female", load_evidence())
    >>> found.says
    'Of 100 women of 65, 90 have night cramps less often, 7 as often (5 to 15 times a month), and 3 more often.'
    """
    if isinstance(rate, CrampRate):
        if rate.share is None or rate.share_low is None or rate.share_high is None:
            return None
        nights, low, high = (MONTH * share for share in (rate.share, rate.share_low, rate.share_high))
    else:
        if not 0 <= rate <= 31:
            raise ValueError(f"{rate:g} nights a month is not possible: give 0 to 31")
        nights = low = high = min(float(rate), MONTH)
    key, curve, at = _people(evidence, age, sex, pregnancy_month)
    step, step_low, step_high = (_step(x) for x in (nights, low, high))

    def share(of: Callable[[int], tuple[int, int]]) -> Share:
        """Share at the person's own step; its interval holds that of every step that the person may be on."""
        possible = [_share(curve, at, *of(k)) for k in range(step_low, step_high + 1)]
        return Share(_share(curve, at, *of(step)).value, min(x.low for x in possible), max(x.high for x in possible))

    return Comparison(
        nights_per_month=nights,
        nights_low=low,
        nights_high=high,
        step=ANSWERS[step],
        step_low=ANSWERS[step_low],
        step_high=ANSWERS[step_high],
        fewer=share(lambda k: (0, k)),
        same=share(lambda k: (k, k + 1)),
        more=share(lambda k: (k + 1, len(ANSWERS))),
        population=_population(curve, at),
        n=curve.n,
        row=key,
        source=curve.source,
    )


def _people(
    evidence: Evidence, age: float | None, sex: str | None, month: float | None
) -> tuple[str, FrequencyCurve, int]:
    """Return the curve of the people to compare with, its name, and the row on it."""
    curves = evidence.cramp_frequency
    youngest = curves["everybody"].at[0]
    if age is not None and age < youngest:
        raise ValueError(f"nobody of {age:g} years was asked in the survey: people from {youngest} on can be compared")
    if month and sex != "male":
        key = "pregnant"
    else:
        among = {"female": "women", "male": "men"}.get(sex or "", "everybody" if age is not None else "people")
        key = among if age is not None else f"{among}_all"
    curve, place = curves[key], month if month and sex != "male" else age
    if curve.by == "all" or place is None:
        return key, curve, 0
    return key, curve, min(max(int(place), curve.at[0]), curve.at[-1]) - curve.at[0]


def _population(curve: FrequencyCurve, at: int) -> Message:
    low = curve.at[at]
    if curve.by == "pregnancy_month":
        return say("women in month {month:.0f} of pregnancy", month=low)
    if curve.by == "all" or low == curve.at[-1]:
        if curve.sex == "female":
            return say("women of {low:.0f} and over", low=low)
        return say("men of {low:.0f} and over", low=low) if curve.sex else say("people of {low:.0f} and over", low=low)
    if curve.sex == "female":
        return say("women of {age:.0f}", age=low)
    return say("men of {age:.0f}", age=low) if curve.sex else say("people of {age:.0f}", age=low)


def _step(nights: float) -> int:
    return sum(nights >= limit for limit in LIMITS)


def _share(curve: FrequencyCurve, at: int, first: int, end: int) -> Share:
    """Share of the answers from `first` up to but not including `end`, as the survey gives it with its 95 % range.

    Asked for are one answer, all below one, or all above one: for each of these the evidence has a range of its own.
    """
    if first >= end:
        return Share(0.0, 0.0, 0.0)
    shares, low, high = curve.shares[at], curve.at_least_low[at], curve.at_least_high[at]
    value = sum(shares[first:end]) / sum(shares)
    if end == len(shares) and first > 0:
        return Share(value, low[first - 1], high[first - 1])
    if first == 0 and end < len(shares):
        return Share(value, 1 - high[end - 1], 1 - low[end - 1])
    return Share(value, curve.low[at][first], curve.high[at][first])
