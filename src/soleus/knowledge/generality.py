"""Which findings follow from which: a special case implies the general ones (a thiazide is a diuretic)."""

from __future__ import annotations

from soleus.knowledge.schema import Evidence


def ancestors(evidence: Evidence, finding: str) -> set[str]:
    """Return all more general findings that a finding implies.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> ancestors(load_evidence(), "takes_thiazide")
    {'takes_diuretic'}
    """
    found: set[str] = set()
    stack = list(evidence.findings[finding].is_a)
    while stack:
        general = stack.pop()
        if general not in found:
            found.add(general)
            stack.extend(evidence.findings[general].is_a)
    return found
