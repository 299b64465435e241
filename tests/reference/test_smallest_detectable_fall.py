"""The smallest fall of a cramp diary that stands out, four weeks against four weeks.

Expected values: table of the project's evidence base on outcome measures (quasi-Poisson rate difference, two-sided 5 %,
printed as whole per cent), worked out independently of this code. Tolerance: half of the printed unit, and the grid on
which the table was searched (one per cent).
"""

from __future__ import annotations

import pytest

from soleus.monitoring.cramp_change import smallest_detectable_fall


@pytest.mark.parametrize(
    ("per_week", "dispersion", "per_cent"),
    [
        (1, 1, 99),
        (2, 1, 77),
        (2, 2, 99),
        (3, 1, 66),
        (3, 2, 86),
        (5, 1, 53),
        (5, 2, 71),
        (5, 4, 91),
        (8, 1, 43),
        (8, 2, 58),
        (8, 4, 77),
    ],
)
def test_the_table(per_week: float, dispersion: float, per_cent: int) -> None:
    fall = smallest_detectable_fall(per_week, 4, 4, dispersion)
    assert fall is not None
    assert 100 * fall == pytest.approx(per_cent, abs=1.0)


def test_below_two_a_week_nothing_is_detectable_at_twice_the_scatter() -> None:
    assert smallest_detectable_fall(1.9, 4, 4, 2) is None
    assert smallest_detectable_fall(1.9, 8, 8, 2) is not None
