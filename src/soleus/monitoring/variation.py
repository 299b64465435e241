"""How far two readings of one person must lie apart before the difference is more than noise.

A reading scatters around the person's set point: by the person's own variation (CVI) and by that of the laboratory
(CVA). Set points scatter between people (CVG). All are coefficients of variation in percent, as they are published.

Source: Fraser & Harris 1989 (fraser1989) for the symmetric reference change value and the number of samples; the
log-normal one in the form of Fokkema and Fraser; Jones and others 2024 (jones2024) and Barnett 2005 (barnett2005)
for the change about the regressed value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054  # two-sided 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class SecondReading:
    """Where a second reading is expected when nothing has changed.

    ``expected``, ``low``, ``high`` are in the unit of the first reading; ``down_percent`` and ``up_percent`` are the
    same limits as changes from the first reading, in percent. Both have one sign when regression to the mean is strong.
    """

    first: float
    expected: float
    low: float
    high: float

    @property
    def down_percent(self) -> float:
        """Change from the first reading to the lower limit, in percent."""
        return 100 * (self.low / self.first - 1)

    @property
    def up_percent(self) -> float:
        """Change from the first reading to the upper limit, in percent."""
        return 100 * (self.high / self.first - 1)


def log_sd(*cvs: float) -> float:
    """Return the standard deviation of the logarithm that belongs to coefficients of variation, taken together.

    Examples
    --------
    >>> round(log_sd(3.0, 4.0), 5)
    0.04997
    """
    return math.sqrt(math.log1p(sum((cv / 100) ** 2 for cv in cvs)))


def rcv_symmetric(cvi: float, cva: float, z: float = Z_95) -> float:
    """Return the symmetric reference change value in percent: a smaller difference of two readings is noise.

    Parameters
    ----------
    cvi, cva : float
        Within-person and analytical coefficient of variation, percent.
    z : float
        Standard normal quantile: 1.96 for a change in either direction at 5 %.

    Raises
    ------
    ValueError
        A coefficient of variation that is negative or no number.

    Examples
    --------
    >>> round(rcv_symmetric(2.1, 1.05), 1)
    6.5
    """
    _check_cv(cvi=cvi, cva=cva)
    return z * math.sqrt(2) * math.hypot(cvi, cva)


def rcv_lognormal(cvi: float, cva: float, z: float = Z_95) -> tuple[float, float]:
    """Return the reference change value upwards and downwards in percent for quantities that vary by ratios.

    Parameters and errors as in `rcv_symmetric`. The fall is negative.

    Examples
    --------
    >>> [round(change, 1) for change in rcv_lognormal(2.1, 1.05)]
    [6.7, -6.3]
    """
    _check_cv(cvi=cvi, cva=cva)
    reach = z * math.sqrt(2) * log_sd(cvi, cva)
    return 100 * math.expm1(reach), 100 * math.expm1(-reach)


def expect_second(
    first: float,
    population_mean: float,
    cvg: float,
    cvi: float,
    cva: float,
    *,
    z: float = Z_95,
    lognormal: bool = False,
) -> SecondReading:
    """Return where the second reading of a person lies who has not changed, given the first and the population.

    A first reading far from the mean of all people is partly an accident; the second is expected nearer to the mean.
    It assumes that the person is one of the population that the mean and CVG describe.

    Parameters
    ----------
    first, population_mean : float
        In one unit.
    cvg, cvi, cva : float
        Between-person, within-person and analytical coefficient of variation, percent.
    z : float
        Standard normal quantile of the limits.
    lognormal : bool
        Calculate with logarithms.

    Raises
    ------
    ValueError
        A coefficient of variation that is negative or no number, no variation at all, or a reading not above 0.

    Notes
    -----
    expected = mean + rho (first - mean) with rho = CVG^2 / (CVG^2 + CVI^2 + CVA^2). Around it the second reading
    scatters with the variance (CVG^2 + CVI^2 + CVA^2)(1 - rho^2), which is exact for normal distributions.

    Examples
    --------
    >>> second = expect_second(2.15, 2.36, 3.0, 1.81, 1.2)
    >>> round(second.expected, 3), round(second.low, 3), round(second.high, 3)
    (2.222, 2.093, 2.351)
    """
    _check_cv(cvg=cvg, cvi=cvi, cva=cva)
    if not (math.isfinite(first) and first > 0 and math.isfinite(population_mean) and population_mean > 0):
        raise ValueError(f"first reading {first} and population mean {population_mean} must be positive numbers")
    if lognormal:
        between, within = log_sd(cvg), log_sd(cvi, cva)
        center, at = math.log(population_mean) - between**2 / 2, math.log(first)
    else:
        between, within = cvg / 100 * population_mean, math.hypot(cvi, cva) / 100 * population_mean
        center, at = population_mean, first
    total = between**2 + within**2
    if total == 0:
        raise ValueError("no variation at all: give at least one coefficient of variation above 0")
    rho = between**2 / total
    expected = center + rho * (at - center)
    reach = z * math.sqrt(total * (1 - rho**2))
    points = (expected, expected - reach, expected + reach)
    middle, low, high = (math.exp(point) for point in points) if lognormal else points
    return SecondReading(first=first, expected=middle, low=low, high=high)


def samples_needed(cvi: float, cva: float, within_percent: float, z: float = Z_95) -> int:
    """Return how many samples place their mean within so many percent of the set point, with 95 % certainty.

    Parameters
    ----------
    cvi, cva : float
        Percent.
    within_percent : float
        How near the mean must come, in percent of the set point.
    z : float
        Standard normal quantile.

    Raises
    ------
    ValueError
        A negative coefficient of variation, or a distance that is not positive.

    Examples
    --------
    >>> samples_needed(2.1, 1.05, 2.0)
    6
    """
    _check_cv(cvi=cvi, cva=cva)
    if not within_percent > 0:
        raise ValueError(f"within {within_percent} %: the distance must be above 0")
    return max(1, math.ceil((z * math.hypot(cvi, cva) / within_percent) ** 2 - 1e-9))


def chance_mean_below(set_point: float, limit: float, cvi: float, cva: float, samples: int = 1) -> float:
    """Return how often the mean of some samples falls below a limit when the true set point is known.

    Parameters
    ----------
    set_point, limit : float
        In one unit, positive.
    cvi, cva : float
        Percent of the set point.
    samples : int
        How many samples are averaged, at least 1.

    Raises
    ------
    ValueError
        A negative coefficient of variation, no sample, or a set point that is not positive.

    Examples
    --------
    >>> round(chance_mean_below(2.25, 2.2, 2.1, 1.05), 2)
    0.17
    """
    _check_cv(cvi=cvi, cva=cva)
    if samples < 1 or not set_point > 0:
        raise ValueError(f"{samples} samples of a set point of {set_point}: both must be positive")
    sd = set_point * math.hypot(cvi, cva) / 100 / math.sqrt(samples)
    if sd == 0:
        return 1.0 if set_point < limit else 0.0
    return normal_cdf((limit - set_point) / sd)


def normal_cdf(z: float) -> float:
    """Return the probability that a standard normal variable is below `z`.

    Examples
    --------
    >>> round(normal_cdf(1.959964), 4)
    0.975
    """
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _check_cv(**cvs: float) -> None:
    for name, cv in cvs.items():
        if not (math.isfinite(cv) and cv >= 0):
            raise ValueError(f"{name} {cv}: a coefficient of variation is 0 or more, in percent")
