"""Why a whole register can't be screened: one problem that a person can mend."""

from __future__ import annotations

from soleus.core.problem import Problem

__all__ = ["ScreeningError", "screening_error"]


class ScreeningError(ValueError):
    """A register can't be screened; ``problem`` says why and how to mend it. No row was judged by it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))

    def __reduce__(self) -> tuple[type[ScreeningError], tuple[Problem]]:
        return ScreeningError, (self.problem,)


def screening_error(code: str, where: str, what: str, why: str, fix: str) -> ScreeningError:
    """Return the error to raise for one thing that stops a screening.

    Examples
    --------
    >>> print(screening_error("missing_column", "people.csv", "no column age", "the mapping reads it", "add it"))
    error: people.csv: no column age (the mapping reads it). To mend it: add it. [missing_column]
    """
    return ScreeningError(Problem(code=code, level="error", where=where, what=what, why=why, fix=fix))
