"""The Walsh-Hadamard transform, and asking the memory ahead: what the compiler would not make of plain Python.

A check's messages are convolutions over the additive group of GF(2**p), that is products of Walsh-Hadamard
transforms (paper 2, section III). Without the compiler (``NUMBA_DISABLE_JIT=1``) plain functions stand for the
instructions written here.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from jscc.fastmath import RELAXED, inline

__all__ = ["fetch_row", "jit", "transform", "transform_product", "transform_scaled", "walsh_hadamard"]

# The kernels create no array; see `jscc.fastmath.inline`.
jit = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, fastmath=set(RELAXED))


def walsh_hadamard(values) -> np.ndarray:
    """The Walsh-Hadamard transform along the last axis: ``sum_a (-1)**popcount(a & b) x[a]`` at each b.

    Parameters
    ----------
    values : array_like of float, shape (..., 2**p), p = 1 to 8

    Returns
    -------
    ndarray of float32, shape (..., 2**p)
        Applied again, it gives 2**p times the values.

    Raises
    ------
    ValueError
        If the last axis is of another length.

    Examples
    --------
    >>> from jscc.gfq import walsh_hadamard
    >>> walsh_hadamard([1, 2, 3, 4])
    array([10., -2., -4.,  0.], dtype=float32)
    """
    given = np.asarray(values)
    p = given.shape[-1].bit_length() - 1 if given.ndim else 0
    if not 1 <= p <= 8 or given.shape[-1] != 1 << p:
        raise ValueError(f"values of shape {given.shape} given, (..., 2**p) with p = 1 to 8 is expected")
    out = np.array(given, np.float32, order="C")
    _transform_rows(out.reshape(-1, 1 << p), (0,) * p)
    return out


def _instructions(plain):
    """Instructions that the compiler would not make of the function `plain`, which stands for them without it."""
    return lambda typed: plain if config.DISABLE_JIT else intrinsic(typed)


def _fetch_plain(array, row, column):
    """Ask the memory for an element that will be needed soon; this changes nothing."""


@_instructions(_fetch_plain)
def _fetch(typing_context, array, row, column):
    def generate(context, builder, signature, arguments):
        kind = signature.args[0]
        fields = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, kind, fields, arguments[1:])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0"
        )
        # To be read (0), and kept in all caches (3), as data (1).
        builder.call(prefetch, [builder.bitcast(pointer, byte), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


@inline
def fetch_row(array, row, q):
    """Ask the memory for a row of q numbers."""
    for a in range(0, q, 64 // array.itemsize):
        _fetch(array, row, a)


def _stages(builder, p, load, store, middle):
    """A transform written out without a loop, on vectors of eight numbers that stay in registers for up to six stages.

    `load` gives the k-th vector; `store` takes what it has become, vector 0 first; `middle` is where vectors wait
    between two passes, as pointers.
    """
    width = min(8, 1 << p)
    vector, places = ir.VectorType(ir.FloatType(), width), ir.VectorType(ir.IntType(32), width)

    def within(a, stride):
        """A stage that pairs the numbers of a vector: what is `stride` away, plus or minus itself."""
        partner = ir.Constant(places, [i ^ stride for i in range(width)])
        signs = ir.Constant(vector, [-1.0 if i & stride else 1.0 for i in range(width)])
        swapped = builder.shuffle_vector(a, ir.Constant(vector, ir.Undefined), partner)
        return builder.fadd(builder.fmul(a, signs, flags=["contract"]), swapped, flags=["contract"])

    def across(block):
        """All stages that pair the vectors of a block."""
        stride = 1
        while stride < len(block):
            for i in range(len(block)):
                if not i & stride:
                    a, b = block[i], block[i + stride]
                    block[i], block[i + stride] = builder.fadd(a, b), builder.fsub(a, b)
            stride *= 2

    # Registers hold eight neighbours and what the stages need besides; the others meet in a second pass.
    n = (1 << p) // width
    for first in range(0, n, 8):
        vectors = range(first, min(first + 8, n))
        block = [load(k) for k in vectors]
        for k in range(min(p, 3)):
            block = [within(a, 1 << k) for a in block]
        across(block)
        for a, k in zip(block, vectors, strict=True):
            if n > 8:
                builder.store(a, middle(k), align=4)
            else:
                store(k, a)
    for first in range(8 if n > 8 else 0):
        vectors = range(first, n, 8)
        block = [builder.load(middle(k), typ=vector, align=4) for k in vectors]
        across(block)
        for a, k in zip(block, vectors, strict=True):
            store(k, a)


def _vectors(context, builder, p, kind, array, row):
    """The pointers to the vectors of a row of a matrix, or of a whole array of one axis."""
    vector = ir.VectorType(ir.FloatType(), min(8, 1 << p))
    fields = context.make_array(kind)(context, builder, array)
    start = fields.data
    if kind.ndim == 2:
        start = cgutils.get_item_pointer(context, builder, kind, fields, [row, context.get_constant(types.intp, 0)])
    start = builder.bitcast(start, vector.as_pointer())
    return lambda k: builder.gep(start, [ir.IntType(32)(k)], source_etype=vector), vector


def _transform_plain(x, ps):
    """The Walsh-Hadamard transform of x, in place."""
    for k in range(len(ps)):
        pairs = x.reshape(-1, 2, 1 << k)
        low, high = pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]
        pairs[:, 0], pairs[:, 1] = low, high


@_instructions(_transform_plain)
def transform(typing_context, x, ps):
    """The transform of x in place; `ps` is a tuple of p zeros, from which the compiler knows p."""

    def generate(context, builder, signature, arguments):
        p = signature.args[1].count
        at, vector = _vectors(context, builder, p, signature.args[0], arguments[0], None)

        def load(k):
            return builder.load(at(k), typ=vector, align=4)

        def store(k, a):
            builder.store(a, at(k), align=4)

        _stages(builder, p, load, store, at)
        return context.get_dummy_value()

    return types.void(x, ps), generate


def _row(array, row):
    return array[row] if array.ndim == 2 else array


def _transform_product_plain(a, i, b, j, floor, out, row, ps):
    """Row `row` of out = the transform of row i of a times row j of b, and no less than the floor."""
    x = _row(a, i) * _row(b, j)
    _transform_plain(x, ps)
    _row(out, row)[:] = np.maximum(x, floor)


@_instructions(_transform_product_plain)
def transform_product(typing_context, a, i, b, j, floor, out, row, ps):
    """The same without a way through the memory; an array of one axis is a row, whatever its index. No NaN."""

    def generate(context, builder, signature, arguments):
        p = signature.args[7].count
        one, vector = _vectors(context, builder, p, signature.args[0], *arguments[0:2])
        two, _ = _vectors(context, builder, p, signature.args[2], *arguments[2:4])
        to, _ = _vectors(context, builder, p, signature.args[5], *arguments[5:7])
        least = _spread(builder, arguments[4], vector)

        def load(k):
            pair = (builder.load(at(k), typ=vector, align=4) for at in (one, two))
            return builder.fmul(*pair, flags=["nsz"])  # no other flag: rounded as it would be in the memory

        def store(k, x):
            larger = builder.fcmp_ordered(">", x, least)
            builder.store(builder.select(larger, x, least), to(k), align=4)

        _stages(builder, p, load, store, to)
        return context.get_dummy_value()

    return types.void(a, types.intp, b, types.intp, types.float32, out, types.intp, ps), generate


def _transform_scaled_plain(x, out, row, ps):
    """Row `row` of out = the transform of x, divided by its first number; x may be used up."""
    _transform_plain(x, ps)
    _row(out, row)[:] = x * (np.float32(1) / x[0])


@_instructions(_transform_scaled_plain)
def transform_scaled(typing_context, x, out, row, ps):
    """The same without a way through the memory."""

    def generate(context, builder, signature, arguments):
        p = signature.args[3].count
        at, vector = _vectors(context, builder, p, signature.args[0], arguments[0], None)
        to, _ = _vectors(context, builder, p, signature.args[1], *arguments[1:3])
        factors = []

        def load(k):
            return builder.load(at(k), typ=vector, align=4)

        def store(k, x):
            if not factors:
                first = builder.extract_element(x, ir.IntType(32)(0))
                factor = builder.fdiv(ir.Constant(ir.FloatType(), 1.0), first, flags=["nsz"])
                factors.append(_spread(builder, factor, vector))
            builder.store(builder.fmul(x, factors[0], flags=["nsz"]), to(k), align=4)

        _stages(builder, p, load, store, at)
        return context.get_dummy_value()

    return types.void(x, out, types.intp, ps), generate


def _spread(builder, number, vector):
    """A vector of one number."""
    zero, undefined = ir.IntType(32)(0), ir.Constant(vector, ir.Undefined)
    places = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(builder.insert_element(undefined, number, zero), undefined, places)


@jit
def _transform_rows(rows, ps):
    for k in range(len(rows)):
        transform(rows[k], ps)
