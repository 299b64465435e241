"""Many small writings that arrive at once share one commit, since waiting for the disk is what a writing costs.

A disk takes 1 to 10 ms to promise that something survives a power cut, however little it is. What arrives while it is
busy is written together with the next promise, so 200 taps a second need not 200 of them. Each stands or falls alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from soleus.diary.errors import DiaryError
from soleus.diary.store import Diary

T = TypeVar("T")


class _Writing(Generic[T]):
    """One writing on its way: what is to be done, and what came of it."""

    def __init__(self, work: Callable[[sa.Connection], T]) -> None:
        self.work = work
        self.done = False
        self.error: BaseException | None = None
        self.result: T

    def run(self, connection: sa.Connection) -> None:
        try:
            self.result = self.work(connection)
        except DiaryError as error:
            self.error = error
            raise


class _Together:
    """The writings of one diary: whoever comes first leads, and takes along all that wait."""

    def __init__(self) -> None:
        self.lead = threading.Lock()
        self.waiting: deque[_Writing[object]] = deque()


_of_diary: WeakKeyDictionary[Diary, _Together] = WeakKeyDictionary()
_making = threading.Lock()


def write_together(diary: Diary, work: Callable[[sa.Connection], T]) -> T:
    """Do one piece of writing, in one transaction with others that wait; return when it is safe on the disk.

    Parameters
    ----------
    diary : Diary
    work : callable
        Takes the writing connection. If it raises a `DiaryError`, nothing of it is stored and the others are.

    Raises
    ------
    DiaryError
        What ``work`` raised, or what the database said; then nothing of it was stored.

    Examples
    --------
    >>> from soleus.diary import open_diary
    >>> with open_diary("sqlite://") as diary:
    ...     write_together(diary, lambda connection: connection.exec_driver_sql("SELECT 7").scalar())
    7
    """
    with _making:
        together = _of_diary.setdefault(diary, _Together())
    mine: _Writing[T] = _Writing(work)
    together.waiting.append(mine)  # type: ignore[arg-type]  # it is only asked to run them
    with together.lead:
        if not mine.done:
            batch = [together.waiting.popleft() for _ in range(len(together.waiting))]
            _write(diary, batch)
    if mine.error is not None:
        raise mine.error
    return mine.result


def _write(diary: Diary, batch: list[_Writing[object]]) -> None:
    alone = len(batch) == 1
    try:
        with diary.writing() as connection:
            for one in batch:
                if alone:
                    one.run(connection)  # its error rolls everything back, which is itself
                    continue
                try:
                    with connection.begin_nested():
                        one.run(connection)
                except DiaryError:
                    if one.error is None:  # not of this writing, but of the database
                        raise
    except BaseException as error:
        for one in batch:
            one.error = one.error or error
        if not isinstance(error, Exception):
            raise
    finally:
        for one in batch:
            one.done = True
