"""Lossy compression of about 12,000 fair bits: encoder, decoder and memory of RBP and its rivals.

Words per second of processor time, by which `data/results/lossy_*.csv` become curves of gap against time. An RBP word
takes as many iterations as the 50 words of the table did on average, all trials and all words counted: the time of an
iteration is measured on words that are kept from converging, and multiplied. Memory is the most that one call on one
word has allocated at a time, codes and tables that are made once not counted.
"""

from __future__ import annotations

import functools
import tracemalloc

import _timing
import numpy as np

from jscc import results
from jscc.experiments.lossy import rivals
from jscc.experiments.lossy.common import CODE_SEED, N_BITS, code
from jscc.gfq import ReinforcedBP, bits_from_symbols, leaf_removal
from jscc.information import distortion_rate
from jscc.ldgm import BiasPropagation, LdgmCode
from jscc.polar import PolarCode

RATES = (0.3, 0.5, 0.7)
FIELDS = (4, 6, 8)
MEMORIES = (4, 6, 8, 10, 12, 13, 14, 15, 16)
LENGTHS = tuple(2**k for k in range(11, 18))
WORDS, ITERATIONS, REPEATS = 4, 20, 3


def of_rbp(p: int, rate: float, table):
    """Encoder, decoder, the factor to a whole word's iterations, the encoder of one word."""
    tuned = results.pick(table, graph="peg", p=p, rate=rate, b=5, gamma1=1.0).iloc[0]
    a_code = code(N_BITS // p, rate, p)
    leaves = leaf_removal(a_code)
    source = np.random.default_rng(0).integers(0, 2, (WORDS, a_code.n_bits), dtype=np.uint8)
    # A prior of nearly nothing and weak reinforcement: no word comes to rest.
    bp = ReinforcedBP(a_code, gamma0=0.99, prior=0.8, max_iterations=ITERATIONS, max_trials=1)
    found = bp.quantise(source, 0)
    assert (found.iterations == ITERATIONS).all()
    information = leaves.information(leaves.mend(found.symbols))
    return (
        lambda: bp.quantise(source, 0),
        lambda: bits_from_symbols(leaves.codeword(information), p),
        tuned.iterations / ITERATIONS,
        lambda: bp.quantise(source[0], 0),
    )


def of_rival(quantiser, length: int, rival_code=None):
    """The same of a code that quantises, or of a quantiser and its code, which takes a word at a time anyway."""
    source = np.random.default_rng(0).integers(0, 2, (WORDS, length), dtype=np.uint8)
    if rival_code is not None:
        information = np.random.default_rng(0).integers(0, 2, (WORDS, rival_code.dimension), dtype=np.uint8)
        one = functools.partial(quantiser.quantise, source[0], 0)
        return one, lambda: rival_code.encode(information), float(WORDS), one
    information, _ = quantiser.quantise(source)
    return (
        lambda: quantiser.quantise(source),
        lambda: quantiser.encode(information),
        1.0,
        lambda: quantiser.quantise(source[0]),
    )


def megabytes(call) -> float:
    """The most that a call has allocated at a time, in units of 10^6 bytes."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    table = results.load("lossy_rate_distortion")
    sparse = results.load("lossy_sparse_generator")
    rows = []
    for rate in RATES:
        systems = {f"jscc (RBP, q = {2**p})": of_rbp(p, rate, table) for p in reversed(FIELDS)}
        for memory in MEMORIES:
            trellis = rivals.trellis_code(rate, memory)
            systems[f"jscc (trellis, memory {memory})"] = of_rival(trellis, rivals.whole_length(trellis))
        for length in LENGTHS:
            polar = PolarCode(length, round(rate * length), float(distortion_rate(rate)))
            systems[f"jscc (polar, N = {length})"] = of_rival(polar, length)
        for _, row in results.pick(sparse, rate=rate).iterrows():
            drawn = LdgmCode.drawn(N_BITS, round(rate * N_BITS), row.degree, np.random.default_rng([CODE_SEED, 0]))
            quantiser = BiasPropagation(drawn, row.strength, **rivals.PACES[row.pace])
            systems[f"jscc ({row.pace}, degree {row.degree})"] = of_rival(quantiser, N_BITS, drawn)
        encoding = _timing.interleaved({name: calls[0] for name, calls in systems.items()}, REPEATS)
        decoding = _timing.interleaved({name: calls[1] for name, calls in systems.items()}, REPEATS)
        for name, calls in systems.items():
            encoding[name] = [seconds * calls[2] for seconds in encoding[name]]
        work = dict.fromkeys(systems, float(WORDS))
        rows += _timing.rates(f"encode, R = {rate}", "words/s", work, encoding)
        rows += _timing.rates(f"decode, R = {rate}", "words/s", work, decoding)
        most = {name: megabytes(calls[3]) for name, calls in systems.items()}
        first = next(iter(most.values()))
        rows += [
            {**row, "task": f"memory, R = {rate}", "unit": "MB", "median": f"{most[row['system']]:.4g}"}
            | {"ratio": f"{most[row['system']] / first:.4g}"}
            for row in rows[-len(systems) :]
        ]
    _timing.write("lossy", rows)


if __name__ == "__main__":
    main()
