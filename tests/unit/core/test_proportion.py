"""Intervals of shares: those of the literature."""

from __future__ import annotations

import pytest

from soleus.core.proportion import wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)]
)
def test_intervals_are_those_of_the_literature(hits: int, n: int, low: float, high: float) -> None:
    # 81 of 263: Newcombe 1998 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857), table I, method 3
    assert wilson_interval(hits / n, n) == pytest.approx((low, high), abs=1e-4)
