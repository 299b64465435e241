"""A problem a person can mend: what is wrong, where, why it matters and how to fix it."""

from __future__ import annotations

from typing import Literal

import msgspec

ProblemLevel = Literal["error", "warning", "info"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an input, said the same way everywhere.

    Parameters
    ----------
    code : str
        Stable name of the rule, such as ``unit_slip``.
    level : {"error", "warning", "info"}
        ``error``: the item was not used; ``warning``: used or left out with care; ``info``: an assumption told.
    where : str
        The place in the input, such as ``measurements[0].value``.
    what, why, fix : str
        What is wrong, why it matters, how to mend it.

    Examples
    --------
    >>> print(Problem(code="empty", level="error", where="case", what="the file is empty",
    ...               why="nothing can be assessed", fix="write at least an age or one finding"))
    error: case: the file is empty (nothing can be assessed). To mend it: write at least an age or one finding. [empty]
    """

    code: str
    level: ProblemLevel
    where: str
    what: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.what} ({self.why}). To mend it: {self.fix}. [{self.code}]"
