"""A share of people or cases, with its interval."""

from __future__ import annotations

import math

Z_95 = 1.959964


def wilson_interval(share: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927), which always holds the share itself.

    Parameters
    ----------
    share : float
        Observed, 0 to 1.
    n : float
        Number it was observed in, above 0; an effective number where observations come in clusters.
    z : float
        Quantile: 1.96 for 95 %.

    Source: Wilson 1927 (doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(81 / 263, 263)]
    [0.2553, 0.3662]
    """
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return min(max(center - half, 0.0), share), max(min(center + half, 1.0), share)  # rounding may pass the share
