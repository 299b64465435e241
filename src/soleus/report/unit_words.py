"""Units as people read them."""

from __future__ import annotations

import re


def shown_unit(unit: str) -> str:
    """Return a unit as it is shown: nothing for a bare number, and no brackets of UCUM.

    Examples
    --------
    >>> shown_unit("mmol/L"), shown_unit("1"), shown_unit("mm[Hg]"), shown_unit("{INR}"), shown_unit("Cel")
    ('mmol/L', '', 'mmHg', 'INR', '°C')
    """
    return {"1": "", "Cel": "°C", "[degF]": "°F"}.get(unit, re.sub(r"[\[\]{}]", "", unit))
