"""Where a person's night cramps lie among people of the same age and sex.

The survey asked how often in the past month people had leg cramps while trying to sleep, in five steps. Within a step
nobody can be told from another, so the answer is in steps: how many have them less often, as often, more often.

Source: NHANES 2005-2008, question SLQ160, as computed in the evidence base (`cramp_frequency`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from soleus.core.message import Message, say
from soleus.knowledge.schema import Evidence, FrequencyRow
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
    """A person among people of the same age and sex.

    ``nights_per_month`` with ``nights_low`` and ``nights_high``: the person's own, with the 95 % interval if known.
    ``step``: the answer of the survey that this is; ``step_low`` and ``step_high`` the answers at the interval's ends.
    ``fewer``, ``same``, ``more``: shares of people; the intervals hold what is uncertain in the person and in the
    survey. ``steps_apart`` is True when the person's interval reaches into more than one answer.
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

    Raises
    ------
    ValueError
        An age below 16, where nobody was asked, or nights a month that cannot be.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> found = compare_with_people(8, 65, "female", load_evidence())
    >>> found.says
    'Of 100 women of 60 to 69, 89 have night cramps less often, 7 as often (5 to 15 times a month), and 4 more often.'
    """
    if isinstance(rate, CrampRate):
        if rate.share is None or rate.share_low is None or rate.share_high is None:
            return None
        nights, low, high = (MONTH * share for share in (rate.share, rate.share_low, rate.share_high))
    else:
        if not 0 <= rate <= 31:
            raise ValueError(f"{rate:g} nights a month is not possible: give 0 to 31")
        nights = low = high = min(float(rate), MONTH)
    key, row = _row(evidence.cramp_frequency, age, sex)
    step, step_low, step_high = (_step(x) for x in (nights, low, high))

    def share(of: Callable[[int], tuple[int, int]]) -> Share:
        """Share at the person's own step; its interval holds that of every step that the person may be on."""
        possible = [_share(row, *of(at)) for at in range(step_low, step_high + 1)]
        return Share(_share(row, *of(step)).value, min(x.low for x in possible), max(x.high for x in possible))

    return Comparison(
        nights_per_month=nights,
        nights_low=low,
        nights_high=high,
        step=ANSWERS[step],
        step_low=ANSWERS[step_low],
        step_high=ANSWERS[step_high],
        fewer=share(lambda at: (0, at)),
        same=share(lambda at: (at, at + 1)),
        more=share(lambda at: (at + 1, len(ANSWERS))),
        population=_population(row),
        n=row.n,
        row=key,
        source=row.source,
    )


def _row(rows: Mapping[str, FrequencyRow], age: float | None, sex: str | None) -> tuple[str, FrequencyRow]:
    """Return the narrowest row that the person belongs to; of unknown age, the widest one of the sex."""
    fitting = [
        (row.age[1] - row.age[0], key, row)
        for key, row in rows.items()
        if row.sex == sex and (age is None or row.age[0] <= age < row.age[1])
    ]
    if not fitting:
        raise ValueError(f"nobody of {age:g} years was asked in the survey: people from 16 on can be compared")
    _, key, row = max(fitting) if age is None else min(fitting)
    return key, row


def _population(row: FrequencyRow) -> Message:
    low, last = row.age[0], row.age[1] - 1
    if row.age[1] > 100:
        if row.sex == "female":
            return say("women of {low:.0f} and over", low=low)
        return say("men of {low:.0f} and over", low=low) if row.sex else say("people of {low:.0f} and over", low=low)
    if row.sex == "female":
        return say("women of {low:.0f} to {last:.0f}", low=low, last=last)
    if row.sex == "male":
        return say("men of {low:.0f} to {last:.0f}", low=low, last=last)
    return say("people of {low:.0f} to {last:.0f}", low=low, last=last)


def _step(nights: float) -> int:
    return sum(nights >= limit for limit in LIMITS)


def _share(row: FrequencyRow, first: int, end: int) -> Share:
    """Share of the answers from `first` up to but not including `end`: Wilson's interval, widened by the design."""
    if first >= end:
        return Share(0.0, 0.0, 0.0)
    total = sum(row.shares)
    if end - first == len(row.shares):
        return Share(1.0, 1.0, 1.0)
    value = sum(row.shares[first:end]) / total
    n, z2 = row.n / row.design_effect, 1.959964**2
    middle = (value + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (value * (1 - value) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return Share(value, middle - half, middle + half)
