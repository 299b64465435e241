"""How the kernel's functions are compiled: without the interpreter lock, and free to fuse but not to reorder."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "source_stamp"]

_F = TypeVar("_F", bound=Callable[..., Any])

_INNER: dict[str, Any] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: _F) -> _F:
    """Compile a function that is called only from compiled code."""
    # no "reassoc" here: with it LLVM turns x * (1 - q) + y * q into x + q * (y - x), which cancels
    return cast(_F, numba.njit(error_model="numpy", fastmath={"contract"}, **_INNER)(function))


def inlined(function: _F) -> _F:
    """Compile a function that is called only from compiled code, and becomes a part of it."""
    return cast(_F, numba.njit(error_model="numpy", fastmath={"contract"}, forceinline=True, **_INNER)(function))


def source_stamp(*files: str) -> int:
    """Return a number that changes when one of the source files does."""
    digest = sha256(b"".join(Path(file).read_bytes() for file in files)).digest()
    return int.from_bytes(digest[:7], "big")
