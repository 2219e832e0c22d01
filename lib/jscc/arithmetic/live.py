"""What pages of the book run of this room: encoding, hard, Chase-like and guessing decoders (`jscc.live`).

Each is one of the library's kernels over whole batches; a static code's model comes as its parts.
"""

from __future__ import annotations

import numpy as np
from numba.types import bool_, float32, float64, int32, int64, uint8

from jscc.arithmetic.chase import ChaseDecoder, _chase_words, log_probability_slack
from jscc.arithmetic.coder import (
    STATE,
    ArithmeticCode,
    Model,
    _decode_words,
    _encode_static_words,
    log_probability,
    pairs_needed,
)
from jscc.arithmetic.guessing import MAX_CACHED, MAX_RANKS, GuessingDecoder, _guess_words, pattern_table
from jscc.arithmetic.packets import PacketResult

__all__ = [
    "chase_arguments",
    "chase_words",
    "decode_arguments",
    "decode_words",
    "encode_arguments",
    "encode_words",
    "guess_arguments",
    "guess_words",
]


def encode_words(
    symbols: uint8[:, ::1],
    bounds: int64[::1],
    cumulative: int64[::1],
    logarithms: int64[::1],
    n_symbols: int32,
    has_eob: int32,
    total_bits: int32,
    precision: int32,
    counts: int64[::1],
    out: uint8[:, ::1],
    lengths: int64[::1],
):
    """Code packets, eight bits to a byte."""
    model = Model(bounds, cumulative, n_symbols, has_eob != 0, total_bits, precision, 0, logarithms)
    _encode_static_words(symbols, model, counts, out, lengths)


def decode_words(
    bits: uint8[:, ::1],
    lengths: int64[::1],
    bounds: int64[::1],
    cumulative: int64[::1],
    logarithms: int64[::1],
    n_symbols: int32,
    has_eob: int32,
    total_bits: int32,
    precision: int32,
    pairs: int64[::1],
    state: int64[::1],
    counts: int64[::1],
    symbols: uint8[:, ::1],
    valid: bool_[::1],
    log_probabilities: int64[::1],
):
    """Decode words as they are; which are valid, and ln P of their packets times 2^20."""
    model = Model(bounds, cumulative, n_symbols, has_eob != 0, total_bits, precision, 0, logarithms)
    _decode_words(bits, lengths, model, pairs, state, counts, symbols, valid)
    for word in range(len(bits)):
        log_probabilities[word] = log_probability(symbols[word], model, counts)


def chase_words(
    llr: float32[:, ::1],
    lengths: int64[::1],
    length: int32,
    q: int32,
    beta: float32,
    slack: float64,
    bounds: int64[::1],
    cumulative: int64[::1],
    logarithms: int64[::1],
    n_symbols: int32,
    has_eob: int32,
    total_bits: int32,
    precision: int32,
    pairs: int64[::1],
    states: int64[:, ::1],
    counts: int64[:, ::1],
    places: int64[::1],
    weights: float64[::1],
    path: uint8[::1],
    sibling: uint8[::1],
    sibling_pairs: int64[::1],
    bits: uint8[:, ::1],
    posterior: float32[:, ::1],
    extrinsic: float32[:, ::1],
    converged: bool_[::1],
    symbols: uint8[:, ::1],
    metric: float64[::1],
    candidates: int32[::1],
    queries: int32[::1],
    decoded: int64[::1],
):
    """`jscc.arithmetic.ChaseDecoder`."""
    model = Model(bounds, cumulative, n_symbols, has_eob != 0, total_bits, precision, 0, logarithms)
    _chase_words(
        llr,
        lengths,
        length,
        q,
        beta,
        slack,
        model,
        pairs,
        states,
        counts,
        places,
        weights,
        path,
        sibling,
        sibling_pairs,
        bits,
        posterior,
        extrinsic,
        converged,
        symbols,
        metric,
        candidates,
        queries,
        decoded,
    )


def guess_words(
    chosen: int64[::1],
    llr: float32[:, ::1],
    lengths: int64[::1],
    length: int32,
    n_best: int32,
    ranks: int64[::1],
    starts: int64[::1],
    bounds: int64[::1],
    cumulative: int64[::1],
    logarithms: int64[::1],
    n_symbols: int32,
    has_eob: int32,
    total_bits: int32,
    precision: int32,
    columns: int64[:, ::1],
    columns_at: int64[::1],
    pairs: int64[::1],
    state: int64[::1],
    counts: int64[::1],
    states: int64[:, ::1],
    state_counts: int64[:, ::1],
    known: int64[::1],
    order: int64[::1],
    tree: int64[::1],
    prefix: int64[::1],
    found_at: int64[::1],
    found_weight: float64[::1],
    shares: float64[:, ::1],
    path: uint8[::1],
    bits: uint8[:, ::1],
    posterior: float32[:, ::1],
    extrinsic: float32[:, ::1],
    converged: bool_[::1],
    symbols: uint8[:, ::1],
    metric: float64[::1],
    candidates: int32[::1],
    queries: int32[::1],
    decoded: int64[::1],
    confidence: float32[::1],
):
    """`jscc.arithmetic.GuessingDecoder`, without check and without soft output."""
    model = Model(bounds, cumulative, n_symbols, has_eob != 0, total_bits, precision, 0, logarithms)
    _guess_words(
        chosen,
        llr,
        lengths,
        length,
        n_best,
        0.0,
        ranks,
        starts,
        columns,
        columns_at,
        0,
        model,
        pairs,
        state,
        counts,
        states,
        state_counts,
        known,
        order,
        tree,
        prefix,
        found_at,
        found_weight,
        shares,
        path,
        bits,
        posterior,
        extrinsic,
        converged,
        symbols,
        metric,
        candidates,
        queries,
        decoded,
        confidence,
    )


def encode_arguments(code: ArithmeticCode, symbols: np.ndarray, width: int) -> dict:
    """What `encode_words` is given: packets of uint8, shape (words, L), and room for words of so many bits.

    Examples
    --------
    >>> given = encode_arguments(ArithmeticCode([0.2, 0.8]), np.ones((1, 64), np.uint8), 80)
    >>> encode_words(**given)
    >>> given["lengths"]
    array([36])
    """
    return {
        "symbols": symbols,
        **_model(code),
        "counts": np.zeros(code.n_symbols + 1, np.int64),
        "out": np.zeros((len(symbols), -(-width // 8)), np.uint8),
        "lengths": np.zeros(len(symbols), np.int64),
    }


def decode_arguments(code: ArithmeticCode, length: int, bits: np.ndarray, lengths: np.ndarray) -> dict:
    """What `decode_words` is given: bits of uint8, shape (words, width), of packets of L symbols.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8])
    >>> bits, length = code.encode(np.ones(64, np.uint8))
    >>> given = decode_arguments(code, 64, bits[None], np.array([length]))
    >>> decode_words(**given)
    >>> given["valid"], int(given["symbols"].sum())
    (array([ True]), 64)
    """
    words, width = bits.shape
    return {
        "bits": bits,
        "lengths": lengths,
        **_model(code),
        "pairs": np.zeros(pairs_needed(width, code.precision), np.int64),
        "state": np.zeros(STATE, np.int64),
        "counts": np.zeros(code.n_symbols + 1, np.int64),
        "symbols": np.zeros((words, length), np.uint8),
        "valid": np.zeros(words, bool),
        "log_probabilities": np.zeros(words, np.int64),
    }


def chase_arguments(decoder: ChaseDecoder, llr: np.ndarray, lengths: np.ndarray) -> dict:
    """What `chase_words` is given, as `ChaseDecoder.decode` does it: float32, shape (words, width).

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8])
    >>> bits, length = code.encode(np.ones(64, np.uint8))
    >>> llr = (4 - 8 * bits[None].astype(np.float32)) * np.where(np.arange(length) == 7, -0.1, 1).astype(np.float32)
    >>> given = chase_arguments(ChaseDecoder(code, 64, q=2), llr, np.array([length]))
    >>> chase_words(**given)
    >>> given["converged"], int(given["symbols"].sum())
    (array([ True]), 64)
    """
    code, (words, width) = decoder.code, llr.shape
    levels, pairs = decoder.q + 3, pairs_needed(width, code.precision)
    return {
        "llr": llr,
        "lengths": lengths,
        "length": decoder.length,
        "q": decoder.q,
        "beta": np.float32(decoder.beta),
        "slack": log_probability_slack(code, decoder.length),
        **_model(code),
        "pairs": np.zeros(pairs, np.int64),
        "states": np.zeros((levels, STATE), np.int64),
        "counts": np.zeros((levels, code.n_symbols + 1), np.int64),
        "places": np.zeros(decoder.q, np.int64),
        "weights": np.zeros(decoder.q + 1, np.float64),
        "path": np.zeros(decoder.length, np.uint8),
        "sibling": np.zeros(decoder.length, np.uint8),
        "sibling_pairs": np.zeros(pairs, np.int64),
        **_result(words, width, decoder.length),
    }


def guess_arguments(decoder: GuessingDecoder, llr: np.ndarray, lengths: np.ndarray) -> dict:
    """What `guess_words` is given, as `GuessingDecoder.decode` does it: float32, shape (words, width).

    The patterns are those of words of `jscc.arithmetic.guessing.MAX_RANKS` bits or more.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8])
    >>> bits, length = code.encode(np.ones(64, np.uint8))
    >>> llr = (4 - 8 * bits[None].astype(np.float32)) * np.where(np.arange(length) == 7, -0.1, 1).astype(np.float32)
    >>> given = guess_arguments(GuessingDecoder(code, 64, 16), llr, np.array([length]))
    >>> guess_words(**given)
    >>> given["converged"], int(given["queries"][0]), int(given["symbols"].sum())
    (array([ True]), 2, 64)
    """
    code, (words, width) = decoder.code, llr.shape
    ranks, starts, used = pattern_table(MAX_RANKS, decoder.max_queries, decoder.intercept)
    cached = min(used, MAX_CACHED)
    nodes, listed = 1 + cached + cached**2, min(decoder.n_best, len(starts))
    return {
        "chosen": np.arange(words),
        "llr": llr,
        "lengths": lengths,
        "length": decoder.length,
        "n_best": decoder.n_best,
        "ranks": ranks,
        "starts": starts,
        **_model(code),
        "columns": np.zeros((0, 0), np.int64),
        "columns_at": np.zeros(words, np.int64),
        "pairs": np.zeros(pairs_needed(width, code.precision), np.int64),
        "state": np.zeros(STATE, np.int64),
        "counts": np.zeros(code.n_symbols + 1, np.int64),
        "states": np.zeros((nodes * cached, STATE), np.int64),
        "state_counts": np.zeros((0, code.n_symbols + 1), np.int64),
        "known": np.zeros(nodes, np.int64),
        "order": np.zeros(used, np.int64),
        "tree": np.zeros(cached, np.int64),
        "prefix": np.zeros(used, np.int64),
        "found_at": np.zeros(listed, np.int64),
        "found_weight": np.zeros(listed, np.float64),
        "shares": np.zeros((2, width)),
        "path": np.zeros(decoder.length, np.uint8),
        **_result(words, width, decoder.length),
        "confidence": np.full(words, np.nan, np.float32),
    }


def _model(code: ArithmeticCode) -> dict:
    model = code.model
    return {
        "bounds": model.bounds,
        "cumulative": model.cumulative,
        "logarithms": model.logarithms,
        "n_symbols": model.n_symbols,
        "has_eob": int(model.has_eob),
        "total_bits": model.total_bits,
        "precision": model.precision,
    }


def _result(words: int, width: int, length: int) -> dict:
    """The fields of a `PacketResult`, blank, as the kernels name them."""
    blank = PacketResult.blank(words, width, length, np.uint8)
    names = ("bits", "extrinsic", "converged", "symbols", "metric", "candidates", "queries", "decoded")
    return {"posterior": blank.llr, **{name: getattr(blank, name) for name in names}}
