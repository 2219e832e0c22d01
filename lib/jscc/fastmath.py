"""Approximations for kernels: a few operations each, exact enough for messages, and vectorised by the compiler.

Every one takes and gives float32, and is a polynomial or series in the mantissa, the exponent being read or set as
bits. The coarse ones are relaxed and put into the body of the kernel that calls them; `log`, `float_bits` and
`with_sign` are exact to a few units of the last place, and keep the sign of zero. Beside these, what a processor counts
in one instruction: the zeros before the first and behind the last 1 of an integer.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

__all__ = [
    "RELAXED",
    "float_bits",
    "inline",
    "leading_zeros",
    "log",
    "log2",
    "power_of_two",
    "trailing_zeros",
    "with_sign",
]

# Sums may be taken in any order, which lets the compiler use vector instructions; no operand is ever NaN.
RELAXED = frozenset({"contract", "reassoc", "nsz", "arcp", "nnan"})
# Put into the caller's body: a call would hand over seven numbers for each array. Kernels create no array; to count who
# uses the arrays that they are given (`_nrt`) would take a third of the time.
inline = njit(error_model="numpy", forceinline=True, cache=True, _nrt=False, fastmath=set(RELAXED))

_exact = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_LOG_2 = np.float32(np.log(2.0))
_ROOT_HALF = np.float32(np.sqrt(0.5))
_THIRD, _FIFTH, _SEVENTH, _NINTH = (np.float32(1 / k) for k in (3, 5, 7, 9))
_SIGN_BIT = np.int32(-(2**31))


@inline
def power_of_two(x):
    """2**(x - 64) for x from 0 to 64, with a relative error of at most 3e-6."""
    whole = np.int32(x)
    f = x - np.float32(whole)
    # 2**f by a polynomial of degree 4 with the least relative error, 2.6e-6; 2**(whole - 64) by the exponent's bits.
    power = np.float32(0.05201146 * 2.0**-64) + np.float32(0.01353417 * 2.0**-64) * f
    power = np.float32(0.24144276 * 2.0**-64) + power * f
    power = np.float32(0.69300383 * 2.0**-64) + power * f
    power = np.float32(1.00000259 * 2.0**-64) + power * f
    return np.int32(np.float32(power).view(np.int32) + np.int32(whole << np.int32(23))).view(np.float32)


@inline
def log2(x):
    """log2(x) + 127 for a positive normal x; the constant leaves with a difference. Off by at most 5e-5."""
    bits = np.float32(x).view(np.int32)
    m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32) - _ONE
    # The bits read as a number are the exponent plus m; log2(1 + m) - m has a polynomial of degree 5 with the least
    # error, 1.3e-5.
    poly = np.float32(-0.192195583) + np.float32(0.044873589) * m
    poly = np.float32(0.413630075) + poly * m
    poly = np.float32(-0.707992636) + poly * m
    poly = np.float32(0.441684555) + poly * m
    return np.float32(bits) * np.float32(2.0**-23) + poly * m


@_exact
def float_bits(x):
    """The bits of a float32, as an int32: its sign is that of x, -0.0 included."""
    return np.float32(x).view(np.int32)


@_exact
def with_sign(magnitude, sign):
    """A float32 without a sign of its own, given the top bit of an int32."""
    return np.int32(float_bits(magnitude) | (sign & _SIGN_BIT)).view(np.float32)


@_exact
def log(x):
    """Natural logarithm of a positive normal float32, within a few units of its last place."""
    exponent = (float_bits(x) - float_bits(_ROOT_HALF)) >> np.int32(23)
    mantissa = np.int32(float_bits(x) - (exponent << np.int32(23))).view(np.float32)
    s = (mantissa - _ONE) / (mantissa + _ONE)
    q = s * s
    series = _ONE + q * (_THIRD + q * (_FIFTH + q * (_SEVENTH + q * _NINTH)))
    return np.float32(exponent) * _LOG_2 + _TWO * s * series


def leading_zeros(x):
    """Zeros before the first 1 of a number of 64 bits that is positive."""
    return 64 - int(x).bit_length()


def trailing_zeros(x):
    """Zeros behind the last 1 of a number of 64 bits that is positive."""
    return (int(x) & -int(x)).bit_length() - 1


def _counted(operation):
    @intrinsic
    def count(typingctx, x):
        def codegen(context, builder, signature, arguments):
            return getattr(builder, operation)(arguments[0], context.get_constant(types.boolean, 1))

        return types.int64(types.int64), codegen

    return count


_ctlz, _cttz = _counted("ctlz"), _counted("cttz")


@overload(leading_zeros, jit_options={"forceinline": True})
def _leading_zeros(x):
    return lambda x: _ctlz(np.int64(x))


@overload(trailing_zeros, jit_options={"forceinline": True})
def _trailing_zeros(x):
    return lambda x: _cttz(np.int64(x))
