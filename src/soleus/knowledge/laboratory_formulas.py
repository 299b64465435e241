"""Values computed from laboratory results: calcium adjusted for albumin, and the kidney filtration rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def albumin_adjusted_calcium(calcium_mmol_per_l: float, albumin_g_per_l: float, slope_per_g: float = 0.02) -> float:
    """Return total calcium corrected to an albumin of 40 g/L, in mmol/L.

    Not valid in pregnancy, with albumin below 30 g/L or in kidney disease (lian2018, smith2018): there
    ionized calcium decides.

    Parameters
    ----------
    calcium_mmol_per_l : float
        Total calcium, mmol/L.
    albumin_g_per_l : float
        Albumin, g/L.
    slope_per_g : float
        mmol/L of calcium for each g/L of albumin; 0.02 is the slope in use (payne1973).

    Raises
    ------
    ValueError
        When a value is not a positive number.

    Examples
    --------
    >>> albumin_adjusted_calcium(2.05, 30.0)
    2.25
    >>> albumin_adjusted_calcium(2.35, 40.0)
    2.35
    """
    if not (
        math.isfinite(calcium_mmol_per_l)
        and calcium_mmol_per_l > 0
        and math.isfinite(albumin_g_per_l)
        and albumin_g_per_l > 0
    ):
        raise ValueError(f"calcium {calcium_mmol_per_l} mmol/L and albumin {albumin_g_per_l} g/L must be positive")
    return round(calcium_mmol_per_l + slope_per_g * (40.0 - albumin_g_per_l), 6)


def egfr_ckd_epi_2021(creatinine_umol_per_l: ArrayLike, age_years: ArrayLike, sex: ArrayLike) -> NDArray[np.float64]:
    """Return the estimated glomerular filtration rate in mL/min/1.73 m2 (CKD-EPI 2021 from creatinine).

    For adults; it reads too high where muscle is wasted and too low in the very muscular.

    Parameters
    ----------
    creatinine_umol_per_l : array
        Serum creatinine, umol/L (88.4 umol/L is 1 mg/dL). The shapes of all three are broadcast.
    age_years : array
        18 or more.
    sex : array of {"female", "male"}

    Raises
    ------
    ValueError
        When a creatinine is not positive, an age is under 18 or a sex is another word.

    Notes
    -----
    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age (x 1.012 in women); k 0.7 or 0.9 mg/dL and
    a -0.241 or -0.302 in women or men. Source: inker2021.

    Examples
    --------
    >>> egfr_ckd_epi_2021(88.4, 50, ["male", "female"]).round().tolist()
    [92.0, 69.0]
    """
    creatinine, age, told = np.asarray(creatinine_umol_per_l), np.asarray(age_years), np.asarray(sex)
    female = told == "female"
    for wrong, values, why in (
        (~((creatinine > 0) & np.isfinite(creatinine)), creatinine, "creatinine {} umol/L must be a positive number"),
        (~(age >= 18), age, "age {}: the equation is for adults of 18 years and more"),
        (~(female | (told == "male")), told, "sex {}: the equation needs female or male"),
    ):
        if wrong.any():
            raise ValueError(why.format(values[wrong].flat[0]))
    ratio = creatinine / 88.4 / np.where(female, 0.7, 0.9)
    low, high = np.minimum(ratio, 1.0) ** np.where(female, -0.241, -0.302), np.maximum(ratio, 1.0) ** -1.200
    rate: NDArray[np.float64] = 142 * low * high * 0.9938**age * np.where(female, 1.012, 1.0)
    return rate
