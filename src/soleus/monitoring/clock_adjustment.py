"""What a sample would have shown at the usual hour: known daily rhythms, with their uncertainty.

Limits come mostly from samples of the morning. Calcium is lower at three at night, parathyroid hormone higher, in
everyone. Where the clock time of a sample is known, the mean rhythm of healthy people is taken out. Assumes that the
person slept at night in that zone; a person's own rhythm may differ, and the interval does not hold what is unusual
about them.

Source: the ``rhythm`` of each quantity in the evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import time
from itertools import product

from soleus.core.message import say
from soleus.knowledge.schema import Claim, Evidence, Rhythm


@dataclass(frozen=True, slots=True)
class ClockAdjusted:
    """A value as if taken at the usual hour, its range, and what was done in words.

    ``low`` and ``high`` hold what the rhythm leaves open; they say nothing about how one reading scatters. ``factor``
    is what the value was multiplied by: 1 when nothing was changed.
    """

    value: float
    low: float
    high: float
    factor: float
    note: str

    @property
    def changed(self) -> bool:
        """Whether a rhythm was taken out."""
        return self.factor != 1


def adjust_for_clock(
    value: float, quantity_id: str, local_time: time | None, *, evidence: Evidence, unit: str = ""
) -> ClockAdjusted:
    """Return a value as if it had been taken at the usual hour of the day.

    The rhythm multiplies, so the value may be in any unit that starts at zero. The interval spans all combinations of
    the ends of the three ranges in the evidence: it errs on the wide side.

    Parameters
    ----------
    value : float
    quantity_id : str
        Evidence id such as ``calcium``; one without a rhythm, or unknown, changes nothing.
    local_time : time or None
        By the person's clock; None when only the day is known, which changes nothing.
    evidence : Evidence
    unit : str
        Only for the note.

    Raises
    ------
    ValueError
        A value that is no number.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> evidence = load_evidence()
    >>> night = adjust_for_clock(2.15, "calcium", time(3, 0), evidence=evidence)
    >>> round(night.value, 2), round(night.low, 2), round(night.high, 2)
    (2.17, 2.15, 2.29)
    >>> adjust_for_clock(2.15, "calcium", None, evidence=evidence).note
    'The clock time is not known: nothing was changed.'
    """
    if not math.isfinite(value):
        raise ValueError(f"the value {value} is not a number: write the result as printed, or leave it out")
    quantity = evidence.quantities.get(quantity_id)
    if quantity is None or quantity.rhythm is None:
        return ClockAdjusted(value, value, value, 1.0, say("No daily rhythm is known: nothing was changed."))
    if local_time is None:
        return ClockAdjusted(value, value, value, 1.0, say("The clock time is not known: nothing was changed."))
    usual = evidence.policy["usual_sampling_hour"].value
    hour = local_time.hour + local_time.minute / 60 + local_time.second / 3600
    rhythm = quantity.rhythm
    factor = _factor(hour, usual, rhythm.highest_hour.value, rhythm.lowest_hour.value, rhythm.half_swing.value)
    factors = [
        _factor(hour, usual, highest, lowest, swing)
        for highest, lowest, swing in product(
            *map(_points, (rhythm.highest_hour, rhythm.lowest_hour, rhythm.half_swing))
        )
    ]
    low, high = sorted((value * min(factors), value * max(factors)))
    number = say("{value:.3g}", value=value * factor)
    note = say(
        "{quantity}, taken at {taken:%H:%M}: read as if at {usual}, {value} ({low:.3g} to {high:.3g}). It is highest "
        "at about {highest} and lowest at about {lowest} in people who sleep at night.",
        quantity=quantity.plain,
        taken=local_time,
        usual=_clock(usual),
        value=say("{number} {unit}", number=number, unit=unit) if unit else number,
        low=low,
        high=high,
        highest=_clock(rhythm.highest_hour.value),
        lowest=_clock(rhythm.lowest_hour.value),
    )
    return ClockAdjusted(value * factor, low, high, factor, note)


def rhythm_at(hour: float, rhythm: Rhythm) -> float:
    """Return the expected value at an hour of the clock as a share of the daily mean level (1: that level itself).

    The level is the middle between highest and lowest value.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> round(rhythm_at(20.0, load_evidence().quantities["calcium"].rhythm), 3)
    1.02
    """
    wave = _wave(hour, rhythm.highest_hour.value, rhythm.lowest_hour.value)
    return 1 + rhythm.half_swing.value / 100 * wave


def _points(claim: Claim) -> tuple[float, float, float]:
    return claim.range[0], claim.value, claim.range[1]


def _factor(hour: float, usual: float, highest: float, lowest: float, half_swing: float) -> float:
    share = half_swing / 100
    return (1 + share * _wave(usual, highest, lowest)) / (1 + share * _wave(hour, highest, lowest))


def _wave(hour: float, highest: float, lowest: float) -> float:
    """Return 1 at the highest hour and -1 at the lowest, with half a cosine wave down and another one back up."""
    fall = (lowest - highest) % 24
    if fall == 0:
        return 0.0
    since = (hour - highest) % 24
    if since <= fall:
        return math.cos(math.pi * since / fall)
    return -math.cos(math.pi * (since - fall) / (24 - fall))


def _clock(hour: float) -> str:
    minutes = round(hour * 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
