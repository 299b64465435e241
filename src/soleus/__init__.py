"""Soleus: night leg cramps. Stop the cramp, find out why, follow it, learn what helps.

Examples
--------
>>> import soleus
>>> answer = soleus.assess({"age": 68, "cramps": {"sites": ["calf"], "timing": "night"}})
>>> answer.causes[0].plain_name
'Night leg cramps without a particular cause'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soleus.core.assessment import Assessment
    from soleus.core.case import Case

__all__ = ["assess"]


def assess(case: Case | dict[str, Any]) -> Assessment:
    """Return what a careful clinician would say about one person's night leg cramps.

    Parameters
    ----------
    case : Case or dict
        What is known, in plain words; what is missing is unknown. See docs/case.md.

    Returns
    -------
    Assessment
        Red flags first, then: is it a cramp, its causes with probability and reasons, what to ask, what to do.
    """
    from soleus.app.session import load_session

    return load_session().assess(case)
