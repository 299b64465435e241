"""Sets as bits of 64-bit words, for the compiled kernel: how many there are, and which is the first."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from soleus.reasoning.kernel_vector import intrinsic

__all__ = ["WORD", "count_bits", "load_bytes", "lowest_bit"]

WORD = 64  # bits of a word


@intrinsic
def count_bits(typing: Any, word: Any) -> Any:
    """Return the number of bits that are set in an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def lowest_bit(typing: Any, word: Any) -> Any:
    """Return the index of the lowest bit that is set in an int64 other than 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def load_bytes(typing: Any, array: Any, index: Any) -> Any:
    """Read array[index:index + 8] of a contiguous array of int8 as one int64, the first byte lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_value, index_value = arguments
        data = context.make_array(signature.args[0])(context, builder, array_value).data
        address = builder.bitcast(builder.gep(data, [index_value]), ir.IntType(64).as_pointer())
        return builder.load(address, align=1)

    return types.int64(array, types.intp), generate
