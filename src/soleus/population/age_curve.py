"""Smooth curves over age and over the months of pregnancy, as columns of a regression.

A curve is a straight line, which is free, plus bends whose coefficients share one variance (P-splines in mixed-model
form): with variance zero the curve is the line.

Source: Eilers & Marx 1996 (doi:10.1214/ss/1038425655); Wand 2003 (doi:10.1007/s001800300142).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]

YOUNGEST, OLDEST = 16, 85  # the question is asked from 16; the survey gives every age of 85 or more as 85
MIDDLE, SPAN = 50.0, 10.0  # choice: numbers of order one; they change no curve
BENDS = 12  # choice: more basis curves than the data can bear; REML decides how much of them is used
MONTHS = tuple(range(1, 11))


def line(age: FloatArray) -> FloatArray:
    """Return age as a centered number, in tens of years."""
    return (np.clip(age, YOUNGEST, OLDEST) - MIDDLE) / SPAN


def bends(age: FloatArray) -> FloatArray:
    """Return the columns (n, BENDS - 2) whose coefficients are the departures from a line."""
    degree, inner = 3, BENDS - 3
    step = (OLDEST - YOUNGEST) / inner
    knots = YOUNGEST + step * np.arange(-degree, inner + degree + 1)
    at = np.clip(age, YOUNGEST, OLDEST - 1e-9)
    basis = interpolate.BSpline.design_matrix(at, knots, degree).toarray()
    differences = np.diff(np.eye(BENDS), n=2, axis=0)
    # the coefficients of the basis that differ in second differences only by u: D' (D D')^-1 u
    spread = differences.T @ np.linalg.inv(differences @ differences.T)
    return np.asarray(basis @ spread, dtype=np.float64)


def month_steps(month: FloatArray) -> FloatArray:
    """Return columns (n, 9): how a month differs from the middle one, as steps from month to month (a random walk).

    Month 0 is not pregnant: all columns are 0.
    """
    steps = np.zeros((len(month), len(MONTHS) - 1))
    middle = 5
    for column in range(len(MONTHS) - 1):
        later = column + 2  # the step from month `later - 1` to `later`
        if later > middle:
            steps[:, column] = month >= later
        else:
            steps[:, column] = -1.0 * ((month >= 1) & (month < later))
    return steps
