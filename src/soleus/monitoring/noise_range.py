"""What readings that only scatter would give: the daily range of pure noise, and the days it takes to see more.

The largest less the smallest of a few readings is never zero. Two readings a day that mean nothing still "swing" by
1.13 standard deviations on average, three by 1.69. An amplitude says something only beyond that.

Source: the range of a normal sample (Tippett 1925), by numerical integration; the number of days by the usual formula
of a paired comparison with a power of 80 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import special  # type: ignore[import-untyped]

FALSE_ALARM = (
    0.0125  # choice: looked at after one, two and four weeks, noise is then called real in under 5 % of people
)
BELOW_LIMIT = 0.99  # choice: as above, for one side
POWER = 0.8  # choice: the usual one; four of five swings of that size are then seen
MOST_DAYS = 365  # choice: what takes more than a year cannot be measured in practice


@lru_cache(maxsize=64)
def range_moments(readings: int) -> tuple[float, float]:
    """Return mean and standard deviation of the range of so many readings of pure noise with standard deviation 1.

    Examples
    --------
    >>> [tuple(round(value, 3) for value in range_moments(k)) for k in (2, 3, 5)]
    [(1.128, 0.853), (1.693, 0.888), (2.326, 0.864)]
    """
    if readings < 2:
        return 0.0, 0.0
    x = np.linspace(-8.0, 8.0, 801)
    below = special.ndtr(x)
    step = float(x[1] - x[0])
    mean = float(np.sum(1 - below**readings - (1 - below) ** readings)) * step
    low, high = below[:, None], below[None, :]
    inside = 1 - high**readings - (1 - low) ** readings + np.abs(high - low) ** readings
    # twice the integral over the half plane low < high; the diagonal is shared by both halves and is zero there
    square = 2 * float(np.sum(np.triu(inside, k=1))) * step * step + float(np.sum(np.diag(inside))) * step * step
    return mean, math.sqrt(max(square - mean * mean, 0.0))


def noise_amplitude(day_sizes: Sequence[int], noise_sd: float) -> tuple[float, float]:
    """Return the mean daily amplitude that pure noise gives, and the largest one still to be expected from it.

    Parameters
    ----------
    day_sizes : sequence of int
        Readings of each day, at least two each.
    noise_sd : float
        Standard deviation of one reading around the person's level of that day.

    Returns
    -------
    (float, float)
        In the unit of `noise_sd`; pure noise stays below the second with a probability of 99 %.

    Examples
    --------
    >>> expected, limit = noise_amplitude([2] * 14, noise_sd=5.0)
    >>> round(expected, 1), round(limit, 1)
    (5.6, 8.5)
    """
    if not day_sizes:
        return 0.0, 0.0
    counts = sorted(Counter(day_sizes).items())
    days = len(day_sizes)
    moments = [(count, *range_moments(size)) for size, count in counts]
    mean = sum(count * expected for count, expected, _ in moments) / days
    variance = sum(count * spread**2 for count, _, spread in moments) / days**2
    # The range is skewed to the right, the more so with few days: Cornish and Fisher's first term. The skewness of two
    # readings (0.995) is the largest of all numbers of readings.
    z = float(special.ndtri(BELOW_LIMIT))
    skewness = 0.995 / math.sqrt(days)
    return mean * noise_sd, (mean + math.sqrt(variance) * (z + (z * z - 1) * skewness / 6)) * noise_sd


def days_to_measure(difference: float, daily_sd: float, fewest: int) -> int | None:
    """Return how many days it takes to tell a difference between morning and evening from noise; None: over a year.

    Parameters
    ----------
    difference : float
        True mean difference.
    daily_sd : float
        Standard deviation of the difference from day to day, in the same unit.
    fewest : int
        Days below which nothing is stated at all.

    Examples
    --------
    >>> days_to_measure(5.0, daily_sd=7.0, fewest=7), days_to_measure(0.1, daily_sd=7.0, fewest=7)
    (25, None)
    """
    if daily_sd <= 0:
        return fewest
    if difference == 0:
        return None
    z = float(special.ndtri(1 - FALSE_ALARM / 2))
    days = (
        (z + float(special.ndtri(POWER))) * daily_sd / abs(difference)
    ) ** 2 + z * z / 2  # the last term: few days, Student
    return None if days > MOST_DAYS else max(fewest, math.ceil(days))
