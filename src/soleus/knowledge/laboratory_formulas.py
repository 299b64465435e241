"""Values computed from laboratory results: calcium adjusted for albumin, and the kidney filtration rate."""

from __future__ import annotations

import math


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


def egfr_ckd_epi_2021(creatinine_umol_per_l: float, age_years: float, sex: str) -> float:
    """Return the estimated glomerular filtration rate in mL/min/1.73 m2 (CKD-EPI 2021 from creatinine).

    For adults; it reads too high where muscle is wasted and too low in the very muscular.

    Parameters
    ----------
    creatinine_umol_per_l : float
        Serum creatinine, umol/L (88.4 umol/L is 1 mg/dL).
    age_years : float
        18 or more.
    sex : {"female", "male"}

    Raises
    ------
    ValueError
        When creatinine is not positive, the age is under 18 or the sex is another word.

    Notes
    -----
    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age (x 1.012 in women); k 0.7 or 0.9 mg/dL and
    a -0.241 or -0.302 in women or men. Source: inker2021.

    Examples
    --------
    >>> round(egfr_ckd_epi_2021(88.4, 50, "male"))
    92
    >>> round(egfr_ckd_epi_2021(88.4, 50, "female"))
    69
    """
    if not (math.isfinite(creatinine_umol_per_l) and creatinine_umol_per_l > 0):
        raise ValueError(f"creatinine {creatinine_umol_per_l} umol/L must be a positive number")
    if not age_years >= 18:
        raise ValueError(f"age {age_years}: the equation is for adults of 18 years and more")
    if sex not in ("female", "male"):
        raise ValueError(f"sex {sex!r}: the equation needs female or male")
    female = sex == "female"
    ratio = creatinine_umol_per_l / 88.4 / (0.7 if female else 0.9)
    rate: float = (
        142 * min(ratio, 1.0) ** (-0.241 if female else -0.302) * max(ratio, 1.0) ** -1.200 * 0.9938**age_years
    )
    return rate * 1.012 if female else rate
