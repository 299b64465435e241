"""A fault of ours is told by its kind and place alone: its message and its variables may hold health data."""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

DEEPEST = 3  # choice: places of our own, innermost first, before that of a library; enough to find the line
OURS = str(Path(__file__).parents[2])


def place_of(error: BaseException) -> str:
    """Return the kind of a fault and the places in the program that it came through, innermost first.

    Examples
    --------
    >>> try:
    ...     {}["an answer of the person"]
    ... except KeyError as error:
    ...     "an answer" in place_of(error), place_of(error).split(" ")[0]
    (False, 'KeyError')
    """
    frames = traceback.extract_tb(error.__traceback__)[::-1]
    ours = [frame for frame in frames if frame.filename.startswith(OURS)][:DEEPEST]
    innermost = [frame for frame in frames[:1] if frame not in ours]
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in (*innermost, *ours)]
    return f"{type(error).__name__} at {' < '.join(places) or 'an unknown place'}"


def tell_fault(error: BaseException) -> None:
    """Write one line about a fault to the terminal."""
    print(f"fault: {place_of(error)}", file=sys.stderr, flush=True)


def tell_only_places() -> None:
    """Let faults of threads and of clearing up, too, be told by their place alone; for a program that only serves."""

    def of_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            tell_fault(told.exc_value)

    def of_clearing_up(told: Any) -> None:
        if told.exc_value is not None:
            tell_fault(told.exc_value)

    def of_program(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            tell_fault(error)

    threading.excepthook = of_thread
    sys.unraisablehook = of_clearing_up
    sys.excepthook = of_program
