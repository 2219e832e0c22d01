"""The kernels of belief propagation: they allocate nothing, raise nothing, and keep nothing.

Each inner loop runs over lanes and reads and writes its arrays at one row only, which is what lets the compiler turn
it into vector instructions. No relaxed arithmetic: the sign of zero counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.fastmath import float_bits, log, with_sign
from jscc.ldpc._layout import HIGHEST_DEGREE_OF_PRODUCTS, LANES

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_SUREST_MESSAGE = np.float32(2.0**-40)
LARGEST_PRIOR = np.float32(40 * np.log(2.0))
_SMALLEST_NORMAL = np.float32(2.0**-126)
# Min-sum keeps certainty as a finite number: sums of it neither overflow nor give inf - inf.
_CERTAIN = np.float32(1e30)
_LEAST_CERTAIN = np.float32(1e20)
# A known bit's ratio in sums of ratios: more than the messages of any variable together.
_KNOWN_LLR = 1e9
_TOP = np.int32(31)
_EIGHT_LANES = np.uint64(0x0101010101010101)
# Loading words has a cost that the lanes share: it waits until this part of the lanes is free.
_REFILL_PART = 8

# They create no array: to count who uses those that they are given (`_nrt`) would keep loops from being vectorised.
_jit = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
_inline = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)


class Rule(NamedTuple):
    """Which decoder it is."""

    min_sum: bool
    layered: bool
    factor: np.float32  # of min-sum
    max_iterations: int


class Given(NamedTuple):
    """The words to decode."""

    llr: np.ndarray  # (words, n) of float32
    odds: np.ndarray  # the same shape: exp(|llr|) for the sum-product; min-sum does not look
    syndromes: np.ndarray  # (words, m) of uint8


class Found(NamedTuple):
    """What is written; see `jscc.soft.SoftResult`."""

    bits: np.ndarray
    llr: np.ndarray
    extrinsic: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray


class Side(NamedTuple):
    """128 variables or edges of one word, taken from where they lie and set side by side."""

    messages: np.ndarray  # (3, 128)
    prior: np.ndarray  # (1, 128)
    bits: np.ndarray
    posterior: np.ndarray


class Scratch(NamedTuple):
    """Room for the messages of one node at a time."""

    left: np.ndarray  # (largest degree of a check, 128)
    running: np.ndarray  # (128,)
    sign: np.ndarray  # (128,) of int32
    p0: np.ndarray  # (width,) of float64
    p1: np.ndarray
    left0: np.ndarray  # (largest degree of a variable, width) of float64
    left1: np.ndarray
    total: np.ndarray  # (width,) of float32
    left_ratio: np.ndarray  # (largest degree of a variable, width) of float32
    words: np.ndarray  # (width, n + 1): words on their way in or out


class State(NamedTuple):
    """What changes while words are decoded, `width` at a time."""

    messages: np.ndarray  # (rows, width)
    prior: np.ndarray  # (n + 1, width): signed error probabilities, for min-sum ratios
    posterior: np.ndarray  # (n + 1, width)
    bits: np.ndarray  # (n + 1, width)
    syndrome: np.ndarray  # (blocks, 128)
    word: np.ndarray  # (width,) the word in each lane
    iteration: np.ndarray  # (width,)
    idle: np.ndarray  # (width,) of uint8
    unsatisfied: np.ndarray  # (width,) of uint8
    chosen: np.ndarray  # (width,) of uint32: some of the lanes


# ---------------------------------------------------------------------------------------------
# Checks and variables
# ---------------------------------------------------------------------------------------------


@_jit
def _check_sum_product(lanes, first, degree, syndrome, left, running, sign):
    """Turn one block's messages to the checks into those to the variables, in place.

    lanes : float32 (rows, 128), the block is rows `first` to ``first + degree - 1``
    syndrome : uint8 (128,); left, running, sign : scratch
    """
    for w in range(LANES):
        running[w] = 0
        sign[w] = np.int32(syndrome[w]) << _TOP
    for i in range(degree):
        for w in range(LANES):
            message = lanes[first + i, w]
            h = abs(message)
            a = running[w]
            left[i, w] = a
            running[w] = h + a * (_ONE - _TWO * h)
            sign[w] ^= float_bits(message)
    for w in range(LANES):
        running[w] = 0
    for j in range(degree):
        i = degree - 1 - j
        for w in range(LANES):
            message = lanes[first + i, w]
            h = abs(message)
            a = running[w]
            others = max(a + left[i, w] * (_ONE - _TWO * a), _SUREST_MESSAGE)
            running[w] = h + a * (_ONE - _TWO * h)
            lanes[first + i, w] = with_sign(others, sign[w] ^ float_bits(message))


@_jit
def _lesser(x, y):
    """Min-sum's message on the sum of two bits, given the messages on each."""
    return with_sign(min(abs(x), abs(y)), float_bits(x) ^ float_bits(y))


@_jit
def _check_min_sum(lanes, first, degree, syndrome, factor, left, running):
    """`_check_sum_product` for ratios: the least magnitude of the others times `factor`."""
    for w in range(LANES):
        running[w] = with_sign(_CERTAIN, np.int32(syndrome[w]) << _TOP)
    for i in range(degree):
        for w in range(LANES):
            left[i, w] = running[w]
            running[w] = _lesser(lanes[first + i, w], running[w])
    for w in range(LANES):
        running[w] = _CERTAIN
    for j in range(degree):
        i = degree - 1 - j
        for w in range(LANES):
            others = _lesser(left[i, w], running[w])
            running[w] = _lesser(lanes[first + i, w], running[w])
            lanes[first + i, w] = factor * others


@_jit
def _pair(message):
    """P(0) and P(1), up to rounding, of a signed error probability; -0.0 is a certain 1."""
    h = abs(message)
    g = _ONE - h
    negative = float_bits(message) < 0
    return (h if negative else g), (g if negative else h)


@_jit
def _signed(p0, p1):
    h = min(p0, p1) / (p0 + p1)
    return -h if p1 > p0 else h


@_jit
def _message(p0, p1):
    h = max(min(p0, p1) / (p0 + p1), _SUREST_MESSAGE)
    return -h if p1 > p0 else h


@_inline
def _join_3_sum_product(messages, a, b, c, prior, v, bits, posterior, flooding, width):
    for w in range(width):
        p0, p1 = _pair(prior[v, w])
        a0, a1 = _pair(messages[a, w])
        b0, b1 = _pair(messages[b, w])
        c0, c1 = _pair(messages[c, w])
        pa0 = p0 * a0
        pa1 = p1 * a1
        pab0 = pa0 * b0
        pab1 = pa1 * b1
        if flooding:
            messages[a, w] = _message(p0 * b0 * c0, p1 * b1 * c1)
            messages[b, w] = _message(pa0 * c0, pa1 * c1)
            messages[c, w] = _message(pab0, pab1)
        all0 = pab0 * c0
        all1 = pab1 * c1
        bits[v, w] = all1 > all0
        posterior[v, w] = _signed(all0, all1)


@_inline
def _join_3_min_sum(messages, a, b, c, prior, v, bits, posterior, flooding, width):
    for w in range(width):
        pa = prior[v, w] + messages[a, w]
        pab = pa + messages[b, w]
        total = pab + messages[c, w]
        bits[v, w] = total < 0
        posterior[v, w] = total + np.float32(0)
    if flooding:
        for w in range(width):
            ma = messages[a, w]
            mb = messages[b, w]
            mc = messages[c, w]
            pa = prior[v, w] + ma
            messages[a, w] = prior[v, w] + mb + mc
            messages[b, w] = pa + mc
            messages[c, w] = pa + mb


@_inline
def _join_3(messages, a, b, c, prior, v, bits, posterior, min_sum, flooding, width):
    """Posterior of a variable of degree 3 and, when flooding, its messages to the checks.

    messages : float32, rows a, b and c updated in place; prior : float32
    bits : uint8 and posterior : float32, row v written
    """
    if min_sum:
        if flooding:
            _join_3_min_sum(messages, a, b, c, prior, v, bits, posterior, True, width)
        else:
            _join_3_min_sum(messages, a, b, c, prior, v, bits, posterior, False, width)
    elif flooding:
        _join_3_sum_product(messages, a, b, c, prior, v, bits, posterior, True, width)
    else:
        _join_3_sum_product(messages, a, b, c, prior, v, bits, posterior, False, width)


@_jit
def _degree_3(messages, variables, rows, prior, bits, posterior, min_sum, flooding):
    """All variables of degree 3, several words at a time; rows : (3, variables)."""
    width = prior.shape[1]
    for k in range(variables.size):
        a, b, c = rows[0, k], rows[1, k], rows[2, k]
        _join_3(messages, a, b, c, prior, variables[k], bits, posterior, min_sum, flooding, width)


@_jit
def _degree_3_of_one_word(messages, variables, rows, prior, bits, posterior, min_sum, flooding, side):
    """All variables of degree 3 of one word, 128 of them side by side."""
    sent, told, decided, believed = messages.reshape(-1), prior.reshape(-1), bits.reshape(-1), posterior.reshape(-1)
    for first in range(0, variables.size, LANES):
        n_lanes = min(LANES, variables.size - first)
        for w in range(n_lanes):
            side.prior[0, w] = told[variables[first + w]]
            side.messages[0, w] = sent[rows[0, first + w]]
            side.messages[1, w] = sent[rows[1, first + w]]
            side.messages[2, w] = sent[rows[2, first + w]]
        _join_3(side.messages, 0, 1, 2, side.prior, 0, side.bits, side.posterior, min_sum, flooding, n_lanes)
        for w in range(n_lanes):
            decided[variables[first + w]] = side.bits[0, w]
            believed[variables[first + w]] = side.posterior[0, w]
        if flooding:
            for w in range(n_lanes):
                sent[rows[0, first + w]] = side.messages[0, w]
                sent[rows[1, first + w]] = side.messages[1, w]
                sent[rows[2, first + w]] = side.messages[2, w]


@_inline
def _from_two_sum_product(prior, a, b):
    """The message of a variable of degree 3 to one check, given those of the other two."""
    p0, p1 = _pair(prior)
    a0, a1 = _pair(a)
    b0, b1 = _pair(b)
    return _message(p0 * a0 * b0, p1 * a1 * b1)


@_jit
def _multiply(p0, p1, messages, row):
    for w in range(p0.size):
        m0, m1 = _pair(messages[row, w])
        p0[w] *= m0
        p1[w] *= m1


@_jit
def _to_llr(message):
    h = np.float64(abs(message))
    llr = np.log((1.0 - h) / h) if h > 0 else _KNOWN_LLR
    return -llr if float_bits(message) < 0 else llr


@_jit
def _from_llr(llr):
    h = np.float32(1.0 / (1.0 + np.exp(abs(llr))))
    return -h if llr < 0 else h


@_jit
def _any_degree_sum_product(messages, variables, start, rows, prior, bits, posterior, flooding, scratch):
    """Variables of any degree up to 24, in float64; see `_join_3`."""
    width = prior.shape[1]
    p0, p1, left0, left1 = scratch.p0, scratch.p1, scratch.left0, scratch.left1
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            p0[w], p1[w] = _pair(prior[v, w])
        for i in range(degree):
            for w in range(width):
                left0[i, w] = p0[w]
                left1[i, w] = p1[w]
            _multiply(p0, p1, messages, rows[first + i])
        for w in range(width):
            bits[v, w] = p1[w] > p0[w]
            posterior[v, w] = _signed(p0[w], p1[w])
        if not flooding:
            continue
        for w in range(width):
            p0[w] = p1[w] = 1.0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                left0[i, w] *= p0[w]
                left1[i, w] *= p1[w]
            _multiply(p0, p1, messages, row)
            for w in range(width):
                messages[row, w] = _message(left0[i, w], left1[i, w])


@_jit
def _high_degree_sum_product(messages, variables, start, rows, prior, bits, posterior, flooding, scratch):
    """Variables of degrees whose products would underflow: sums of ratios in float64."""
    width = prior.shape[1]
    total, left = scratch.p0, scratch.left0
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            total[w] = _to_llr(prior[v, w])
        for i in range(degree):
            for w in range(width):
                left[i, w] = total[w]
                total[w] += _to_llr(messages[rows[first + i], w])
        for w in range(width):
            bits[v, w] = total[w] < 0
            posterior[v, w] = _from_llr(total[w])
        if not flooding:
            continue
        for w in range(width):
            total[w] = 0.0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                message = _to_llr(messages[row, w])
                h = _from_llr(left[i, w] + total[w])
                messages[row, w] = with_sign(max(abs(h), _SUREST_MESSAGE), float_bits(h))
                total[w] += message


@_jit
def _extrinsic_sum_product(messages, first, last, graph, prior, scratch):
    """Layered: the messages along edge rows `first` to ``last - 1`` from their variables' other edges."""
    width = prior.shape[1]
    p0, p1 = scratch.p0, scratch.p1
    for row in range(first, last):
        v = graph.row_variable[row]
        start, stop = graph.variable_start[v], graph.variable_start[v + 1]
        if stop - start == 3:
            a, b = graph.row_others[0, row], graph.row_others[1, row]
            for w in range(width):
                messages[row, w] = _from_two_sum_product(prior[v, w], messages[a, w], messages[b, w])
        elif stop - start > HIGHEST_DEGREE_OF_PRODUCTS:
            for w in range(width):
                total = _to_llr(prior[v, w])
                for e in range(start, stop):
                    other = graph.variable_rows[e]
                    if other != row:
                        total += _to_llr(messages[other, w])
                h = _from_llr(total)
                messages[row, w] = with_sign(max(abs(h), _SUREST_MESSAGE), float_bits(h))
        else:
            for w in range(width):
                p0[w], p1[w] = _pair(prior[v, w])
            for e in range(start, stop):
                other = graph.variable_rows[e]
                if other != row:
                    _multiply(p0, p1, messages, other)
            for w in range(width):
                messages[row, w] = _message(p0[w], p1[w])


@_jit
def _any_degree_min_sum(messages, variables, start, rows, prior, bits, posterior, flooding, scratch):
    """`_any_degree_sum_product` for ratios."""
    width = prior.shape[1]
    total, left = scratch.total, scratch.left_ratio
    for v in variables:
        first = start[v]
        degree = start[v + 1] - first
        for w in range(width):
            total[w] = prior[v, w]
        for i in range(degree):
            row = rows[first + i]
            for w in range(width):
                left[i, w] = total[w]
                total[w] += messages[row, w]
        for w in range(width):
            bits[v, w] = total[w] < 0
            posterior[v, w] = total[w] + np.float32(0)
        if not flooding:
            continue
        for w in range(width):
            total[w] = 0
        for j in range(degree):
            i = degree - 1 - j
            row = rows[first + i]
            for w in range(width):
                message = messages[row, w]
                messages[row, w] = left[i, w] + total[w]
                total[w] += message


@_jit
def _extrinsic_min_sum(messages, first, last, graph, prior, scratch):
    """`_extrinsic_sum_product` for ratios."""
    width = prior.shape[1]
    total = scratch.total
    for row in range(first, last):
        v = graph.row_variable[row]
        start, stop = graph.variable_start[v], graph.variable_start[v + 1]
        if stop - start == 3:
            a, b = graph.row_others[0, row], graph.row_others[1, row]
            for w in range(width):
                messages[row, w] = prior[v, w] + messages[a, w] + messages[b, w]
            continue
        for w in range(width):
            total[w] = prior[v, w]
        for e in range(start, stop):
            other = graph.variable_rows[e]
            if other != row:
                for w in range(width):
                    total[w] += messages[other, w]
        for w in range(width):
            messages[row, w] = total[w]


@_jit
def _extrinsic_of_one_word(lanes, first, last, n_lanes, graph, prior, min_sum, side):
    """Layered, one word, all variables of degree 3: the messages along rows `first` to ``last - 1`` of lanes."""
    sent, told = lanes.reshape(-1), prior.reshape(-1)
    for i in range(first, last):
        for w in range(n_lanes):
            row = i * LANES + w
            side.prior[0, w] = told[graph.row_variable[row]]
            side.messages[0, w] = sent[graph.row_others[0, row]]
            side.messages[1, w] = sent[graph.row_others[1, row]]
        if min_sum:
            for w in range(n_lanes):
                lanes[i, w] = side.prior[0, w] + side.messages[0, w] + side.messages[1, w]
        else:
            for w in range(n_lanes):
                lanes[i, w] = _from_two_sum_product(side.prior[0, w], side.messages[0, w], side.messages[1, w])


@_jit
def _find_unsatisfied(bits, syndrome, graph, unsatisfied):
    """Mark one word if a check fails."""
    for block in range(graph.block_start.size):
        failed = np.uint8(0)
        for w in range(graph.block_lanes[block]):
            parity = syndrome[block, w]
            for i in range(graph.block_start[block], graph.block_start[block] + graph.block_degree[block]):
                parity ^= bits[graph.row_variable[i * LANES + w]]
            failed |= parity
        unsatisfied[0] |= failed
        if failed:
            break


@_jit
def _find_unsatisfied_of_32(bits, syndrome, graph, unsatisfied):
    """Mark the lanes of 32 with a check that fails.

    Each number is a byte of 0 or 1 for eight lanes. bits : uint64 (n + 1, 4); syndrome : uint64 (blocks, 4 * 4)
    """
    u0, u1, u2, u3 = unsatisfied[0], unsatisfied[1], unsatisfied[2], unsatisfied[3]
    for block in range(graph.block_start.size):
        row = graph.block_start[block] * 4
        for c in range(4):
            p0, p1 = syndrome[block, 4 * c], syndrome[block, 4 * c + 1]
            p2, p3 = syndrome[block, 4 * c + 2], syndrome[block, 4 * c + 3]
            for i in range(graph.block_degree[block]):
                v = graph.row_variable[row + i * 4 + c]
                p0 ^= bits[v, 0]
                p1 ^= bits[v, 1]
                p2 ^= bits[v, 2]
                p3 ^= bits[v, 3]
            u0 |= p0
            u1 |= p1
            u2 |= p2
            u3 |= p3
        if u0 & u1 & u2 & u3 == _EIGHT_LANES:
            break
    unsatisfied[0], unsatisfied[1], unsatisfied[2], unsatisfied[3] = u0, u1, u2, u3


# ---------------------------------------------------------------------------------------------
# Words in and out of the lanes
# ---------------------------------------------------------------------------------------------


@_jit
def _to_prior(llr, odds, min_sum, out):
    """What is kept of one word's ratios: signed error probabilities, for min-sum finite ratios."""
    if min_sum:
        for v in range(llr.size):
            out[v] = min(max(llr[v], -_CERTAIN), _CERTAIN)
    else:
        for v in range(llr.size):
            h = _ONE / (_ONE + odds[v])
            out[v] = with_sign(np.float32(0) if abs(llr[v]) == np.inf else h, float_bits(llr[v]))


@_jit
def _to_first_messages(word, min_sum):
    """In place, from a word's prior, what its variables send when the checks have said nothing."""
    if min_sum:
        for v in range(word.size):
            word[v] += np.float32(0)  # -0.0 is no sign
    else:
        for v in range(word.size):
            word[v] = _message(*_pair(word[v]))


@_jit
def _load(given, next_word, n_new, graph, rule, state, words):
    """Put the next words into the lanes `state.chosen`: priors, syndromes, messages before the first iteration."""
    width = state.prior.shape[1]
    n = given.llr.shape[1]
    for j in range(n_new):
        _to_prior(given.llr[next_word + j], given.odds[next_word + j], rule.min_sum, words[j, :n])
    for v in range(n):
        for j in range(n_new):
            state.prior[v, state.chosen[j]] = words[j, v]
    for block in range(graph.block_checks.shape[0]):
        for c in range(graph.block_checks.shape[1]):
            check = graph.block_checks[block, c]
            if check >= 0:
                for j in range(n_new):
                    state.syndrome[block, c * width + state.chosen[j]] = given.syndromes[next_word + j, check]
    # Flooding starts with what the variables send when the checks have said nothing.
    neutral = np.float32(0) if rule.min_sum else _HALF
    for j in range(n_new):
        words[j, n] = neutral
        if rule.layered:
            for v in range(n):
                words[j, v] = neutral
        else:
            _to_first_messages(words[j, :n], rule.min_sum)
    for row in range(state.messages.shape[0]):
        v = graph.row_variable[row]
        for j in range(n_new):
            state.messages[row, state.chosen[j]] = words[j, v]
    for j in range(n_new):
        lane = state.chosen[j]
        state.word[lane] = next_word + j
        state.iteration[lane] = 0
        state.idle[lane] = 0


@_jit
def _to_result(posterior, llr, min_sum, bits, out, extrinsic):
    """Bits and ratios of one word; a known bit keeps its ratio, infinite as those that follow from it."""
    if min_sum:
        for v in range(llr.size):
            x = posterior[v]
            bits[v] = x < 0
            e = x - min(max(llr[v], -_CERTAIN), _CERTAIN)
            out[v] = with_sign(np.float32(np.inf), float_bits(x)) if abs(x) >= _LEAST_CERTAIN else x
            extrinsic[v] = with_sign(np.float32(np.inf), float_bits(e)) if abs(e) >= _LEAST_CERTAIN else e
    else:
        for v in range(llr.size):
            h = max(abs(posterior[v]), _SMALLEST_NORMAL)
            x = with_sign(log((_ONE - h) / h), float_bits(posterior[v]))
            bits[v] = float_bits(posterior[v]) < 0
            out[v] = x
            extrinsic[v] = x - min(max(llr[v], -LARGEST_PRIOR), LARGEST_PRIOR)
    for v in range(llr.size):
        known = abs(llr[v]) == np.inf
        out[v] = llr[v] if known else out[v]
        extrinsic[v] = np.float32(0) if known else extrinsic[v]


@_jit
def _store(n_done, given, rule, state, words, found):
    """Take the words in the lanes `state.chosen` out."""
    n = given.llr.shape[1]
    for v in range(n):
        for j in range(n_done):
            words[j, v] = state.posterior[v, state.chosen[j]]
    for j in range(n_done):
        lane = state.chosen[j]
        w = state.word[lane]
        found.converged[w] = state.unsatisfied[lane] == 0
        found.iterations[w] = state.iteration[lane]
        _to_result(words[j, :n], given.llr[w], rule.min_sum, found.bits[w], found.llr[w], found.extrinsic[w])


# ---------------------------------------------------------------------------------------------
# The decoder
# ---------------------------------------------------------------------------------------------


@_jit
def _start(graph, rule, state):
    """Lanes without a word hold what disturbs nobody."""
    neutral = np.float32(0) if rule.min_sum else _HALF
    state.messages[:] = neutral
    state.prior[:] = neutral
    state.bits[:] = 0
    state.syndrome[:] = 0
    state.idle[:] = 1


@_jit
def _pass_checks(graph, rule, state, scratch, side):
    """All checks; in the layered schedule each block after the messages to it."""
    width = state.prior.shape[1]
    across = LANES // width
    messages = state.messages
    lanes = messages.reshape(messages.shape[0] // across, LANES)
    for block in range(graph.block_start.size):
        start, degree, n_lanes = graph.block_start[block], graph.block_degree[block], graph.block_lanes[block]
        if rule.layered:
            first, last = start * across, (start + degree) * across
            if width == 1 and graph.block_is_plain[block]:
                _extrinsic_of_one_word(lanes, start, start + degree, n_lanes, graph, state.prior, rule.min_sum, side)
            elif rule.min_sum:
                _extrinsic_min_sum(messages, first, last, graph, state.prior, scratch)
            else:
                _extrinsic_sum_product(messages, first, last, graph, state.prior, scratch)
        if rule.min_sum:
            _check_min_sum(lanes, start, degree, state.syndrome[block], rule.factor, scratch.left, scratch.running)
        else:
            _check_sum_product(lanes, start, degree, state.syndrome[block], scratch.left, scratch.running, scratch.sign)


@_jit
def _pass_variables(graph, rule, state, scratch, side):
    """All variables: posteriors and bits and, when flooding, messages to the checks."""
    messages, prior, bits, posterior = state.messages, state.prior, state.bits, state.posterior
    start, rows, flooding = graph.variable_start, graph.variable_rows, not rule.layered
    three, of_three = graph.of_degree_3, graph.rows_of_degree_3
    if prior.shape[1] == 1:
        _degree_3_of_one_word(messages, three, of_three, prior, bits, posterior, rule.min_sum, flooding, side)
    else:
        _degree_3(messages, three, of_three, prior, bits, posterior, rule.min_sum, flooding)
    if rule.min_sum:
        for variables in (graph.of_other_degree, graph.of_high_degree):
            _any_degree_min_sum(messages, variables, start, rows, prior, bits, posterior, flooding, scratch)
    else:
        _any_degree_sum_product(messages, graph.of_other_degree, start, rows, prior, bits, posterior, flooding, scratch)
        _high_degree_sum_product(messages, graph.of_high_degree, start, rows, prior, bits, posterior, flooding, scratch)


@_jit
def _test_checks(graph, state):
    """Mark the lanes that are idle or have a check that fails."""
    for lane in range(state.idle.size):
        state.unsatisfied[lane] = state.idle[lane]
    if state.idle.size == 1:
        _find_unsatisfied(state.bits.reshape(-1), state.syndrome, graph, state.unsatisfied)
    else:
        bits, syndrome = state.bits.view(np.uint64), state.syndrome.view(np.uint64)
        _find_unsatisfied_of_32(bits, syndrome, graph, state.unsatisfied.view(np.uint64))


@_jit
def run(given, graph, rule, state, scratch, side, found):
    """Decode all words, as many at a time as there are lanes; a lane whose word is done is given another one."""
    n_words, width = given.llr.shape[0], state.idle.size
    next_word, n_idle = 0, width
    _start(graph, rule, state)
    while True:
        if next_word < n_words and _REFILL_PART * n_idle >= width:
            n_new = 0
            for lane in range(width):
                if state.idle[lane] and n_new < n_words - next_word:
                    state.chosen[n_new] = lane
                    n_new += 1
            _load(given, next_word, n_new, graph, rule, state, scratch.words)
            next_word += n_new
            n_idle -= n_new
        elif n_idle == width:
            return
        _pass_checks(graph, rule, state, scratch, side)
        _pass_variables(graph, rule, state, scratch, side)
        _test_checks(graph, state)
        n_done = 0
        for lane in range(width):
            state.iteration[lane] += 1
            over = state.unsatisfied[lane] == 0 or state.iteration[lane] == rule.max_iterations
            if not state.idle[lane] and over:
                state.idle[lane] = 1
                state.chosen[n_done] = lane
                n_done += 1
        n_idle += n_done
        if n_done > 0:
            _store(n_done, given, rule, state, scratch.words, found)


@njit(error_model="numpy", nogil=True, cache=True)
def decode(given, graph, rule, width, found):
    """Make room for `width` words at a time, and `run`; compiled, that takes a tenth of the time of Python."""
    rows, n, blocks = graph.row_variable.size, given.llr.shape[1], graph.block_start.size
    check, variable = graph.block_degree.max(), np.diff(graph.variable_start).max()
    state = State(
        np.empty((rows, width), np.float32),
        np.empty((n + 1, width), np.float32),
        np.empty((n + 1, width), np.float32),
        np.empty((n + 1, width), np.uint8),
        np.empty((blocks, LANES), np.uint8),
        np.empty(width, np.int64),
        np.empty(width, np.int64),
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
        np.empty(width, np.uint32),
    )
    scratch = Scratch(
        np.empty((check, LANES), np.float32),
        np.empty(LANES, np.float32),
        np.empty(LANES, np.int32),
        np.empty(width, np.float64),
        np.empty(width, np.float64),
        np.empty((variable, width), np.float64),
        np.empty((variable, width), np.float64),
        np.empty(width, np.float32),
        np.empty((variable, width), np.float32),
        np.empty((width, n + 1), np.float32),
    )
    side = Side(
        np.empty((3, LANES), np.float32),
        np.empty((1, LANES), np.float32),
        np.empty((1, LANES), np.uint8),
        np.empty((1, LANES), np.float32),
    )
    run(given, graph, rule, state, scratch, side, found)
