"""Eight numbers at a time: the vector arithmetic of the compiled sweep, as a type and a few functions for numba.

The compiler does not find these vectors by itself: tables are short, and it would have to prove for each short loop
that what is read and what is written do not overlap. A machine with narrower registers uses two or four of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.extending
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import models, register_model
from numpy.typing import NDArray

__all__ = [
    "LANES",
    "add",
    "aligned_room",
    "first_of_pairs",
    "fma",
    "lanes",
    "load",
    "merge_pairs",
    "mul",
    "read_cycles",
    "splat",
    "store",
    "swap",
    "total",
]

LANES = 8


def aligned_room(size: int) -> NDArray[np.float64]:
    """Return room for so many numbers that begins with a cache line, so that no vector lies across two."""
    room = np.empty(size + LANES)
    skipped = -room.ctypes.data // room.itemsize % LANES
    return room[skipped : skipped + size]


def intrinsic(generate: Callable[..., Any]) -> Any:
    """Make an operation of compiled code; its type is that of its use, not of the generator below it."""
    return numba.extending.intrinsic(generate)


def intrinsic_of_literals(generate: Callable[..., Any]) -> Any:
    """Make an operation some of whose arguments are known when it is compiled."""
    return numba.extending.intrinsic(prefer_literal=True)(generate)


_DOUBLE = ir.DoubleType()
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_INDEX = ir.VectorType(ir.IntType(32), LANES)


class _VectorType(types.Type):
    def __init__(self) -> None:
        super().__init__(name="EightFloats")


@register_model(_VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


_vector = _VectorType()


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Address of array[index], as that of eight numbers."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Read array[index:index + 8] of a contiguous array of float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], *arguments), align=8)

    return _vector(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write array[index:index + 8]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_value, index_value, value = arguments
        builder.store(value, _place(context, builder, signature.args[0], array_value, index_value), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _vector), generate


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """Return the number eight times."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0])

    return _vector(types.float64), generate


@intrinsic
def lanes(typing: Any, step: Any, no: Any, yes: Any) -> Any:
    """Return the number `yes` in the lanes whose index has the bit `step` (1, 2 or 4), `no` in the others."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        step_value, no_value, yes_value = arguments
        narrow = builder.trunc(step_value, ir.IntType(32))
        spread = builder.shuffle_vector(
            builder.insert_element(ir.Constant(_INDEX, ir.Undefined), narrow, ir.Constant(ir.IntType(32), 0)),
            ir.Constant(_INDEX, ir.Undefined),
            ir.Constant(_INDEX, [0] * LANES),
        )
        bits = builder.and_(spread, ir.Constant(_INDEX, list(range(LANES))))
        has = builder.icmp_unsigned("!=", bits, ir.Constant(_INDEX, [0] * LANES))
        return builder.select(has, _splat(builder, yes_value), _splat(builder, no_value))

    return _vector(types.int64, types.float64, types.float64), generate


@intrinsic
def mul(typing: Any, a: Any, b: Any) -> Any:
    """Return a * b, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments)

    return _vector(_vector, _vector), generate


@intrinsic
def add(typing: Any, a: Any, b: Any) -> Any:
    """Return a + b, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments)

    return _vector(_vector, _vector), generate


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c, lane by lane, in one rounding where the machine can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a_value, b_value, c_value = arguments
        return builder.fadd(builder.fmul(a_value, b_value, flags=("contract",)), c_value, flags=("contract",))

    return _vector(_vector, _vector, _vector), generate


@intrinsic_of_literals
def swap(typing: Any, vector: Any, step: Any) -> Any:
    """Exchange the lanes whose index differs in the bit `step`, a literal 1, 2 or 4."""
    bit = step.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _shuffle(builder, arguments[0], arguments[0], [i ^ bit for i in range(LANES)])

    return _vector(_vector, step), generate


@intrinsic_of_literals
def merge_pairs(typing: Any, a: Any, b: Any, step: Any, which: Any) -> Any:
    """Return the lanes of a and b (sixteen in a row) whose index has the bit `step` clear (which 0) or set (1)."""
    bit, wanted = step.literal_value, which.literal_value
    chosen = [i for i in range(2 * LANES) if bool(i & bit) == bool(wanted)]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _shuffle(builder, arguments[0], arguments[1], chosen)

    return _vector(_vector, _vector, step, which), generate


@intrinsic_of_literals
def first_of_pairs(typing: Any, vector: Any, step: Any, part: Any) -> Any:
    """Inverse of `merge_pairs`: repeat lanes over the bit `step`; part 0 gives the first eight of 16, 1 the rest."""
    bit, half = step.literal_value, part.literal_value
    source = [((i >> 1) & ~(bit - 1)) | (i & (bit - 1)) for i in range(half * LANES, (half + 1) * LANES)]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _shuffle(builder, arguments[0], arguments[0], source)

    return _vector(_vector, step, part), generate


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """Return the sum of the eight, added in pairs."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (vector_value,) = arguments
        for bit in (4, 2, 1):
            turned = _shuffle(builder, vector_value, vector_value, [i ^ bit for i in range(LANES)])
            vector_value = builder.fadd(vector_value, turned)
        return builder.extract_element(vector_value, ir.Constant(ir.IntType(32), 0))

    return types.float64(_vector), generate


@intrinsic
def read_cycles(typing: Any) -> Any:
    """Read the processor's clock, in its own cycles: for measurements of where the time goes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), ())
        return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", (), kind), ())

    return types.int64(), generate


def _splat(builder: Any, number: Any) -> Any:
    zero = ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, zero)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_INDEX, [0] * LANES))


def _shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(_INDEX, order))
