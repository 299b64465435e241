"""What can go wrong with a diary, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from soleus.core.problem import Problem


class DiaryError(ValueError):
    """The diary could not do what was asked; nothing was changed.

    Parameters
    ----------
    problems : sequence of Problem
        At least one.

    Examples
    --------
    >>> error = DiaryError([problem("no_such_id", "id", "no entry 7", "nothing to remove", "look it up")])
    >>> error.problems[0].code
    'no_such_id'
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(one) for one in self.problems))


class DamagedDiary(DiaryError):
    """The file of the diary is damaged; it was left as it is.

    ``backup`` is the newest backup that was opened and found sound, or None.
    """

    def __init__(self, problems: Sequence[Problem], backup: Path | None = None) -> None:
        super().__init__(problems)
        self.backup = backup


def problem(code: str, where: str, what: str, why: str, fix: str) -> Problem:
    """Return a problem of level ``error``."""
    return Problem(code=code, level="error", where=where, what=what, why=why, fix=fix)


def damaged(path: Path, what: str) -> DamagedDiary:
    """Return the error for a damaged file, with the newest backup that is sound.

    Parameters
    ----------
    path : Path
        The file; it is not touched.
    what : str
        What SQLite found.
    """
    from soleus.diary.backup import newest_sound

    report = newest_sound(path)
    if report is None:
        fix = (
            "keep a copy of the file; there is no sound backup next to it, so look for an export or a backup elsewhere"
        )
    else:
        made = f"{report.made_at:%Y-%m-%d %H:%M} UTC, " if report.made_at else ""
        fix = (
            f"restore the newest sound backup ({made}{sum(report.counts.values())} entries): soleus restore "
            f"{report.path}"
        )
    told = problem(
        "damaged_diary",
        str(path),
        f"the diary is damaged: {what}",
        "entries may be unreadable; nothing was changed",
        fix,
    )
    return DamagedDiary([told], None if report is None else report.path)
