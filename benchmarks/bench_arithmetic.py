"""The arithmetic coder beside constriction's, and Chase-like decoding beside guessing and trellises, on one core.

Both coders are static, with the same probabilities. The decoders read the same packets at 6.5 dB; those of trellises
other packets, of codes with few states and a forbidden symbol.
"""

from _timing import interleaved, rates, write  # first: it holds every library to one thread

from functools import partial  # isort: skip

import constriction
import numpy as np

from jscc.arithmetic import ArithmeticCode, ChaseDecoder, GuessingDecoder, TrellisDecoder
from jscc.information import entropy

PACKETS, EBN0_DB = 2000, 6.5
SETTINGS = {
    "p16 binary, L = 512": (ArithmeticCode([0.2, 0.8], 16), 512),
    "p6 quaternary, L = 128": (ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6), 128),
}
TRELLISES = {
    "p6 binary, .2 forbidden, L = 512": (ArithmeticCode([0.2, 0.8], 6, forbidden=0.2), 512),
    "p6 quaternary, .2 forbidden, L = 128": (ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6, forbidden=0.2), 128),
}
CONSTRAINED = 16  # packets, of those that are decoded with the number of symbols in the state


def coders(repeats: int) -> list[dict]:
    """Symbols per second of coding one long packet, checked to come back."""
    code = ArithmeticCode([0.2, 0.8], 32, eob=2**-14)
    packet = code.sample(1, 1_000_000, 0)[0]
    packed, length = code.encode(packet, packed=True)
    model = constriction.stream.model.Categorical(code.probabilities, perfect=False)
    symbols = packet.astype(np.int32)

    def theirs():
        coder = constriction.stream.queue.RangeEncoder()
        coder.encode(symbols, model)
        return coder.get_compressed()

    words = theirs()
    encode = {"jscc": lambda: code.encode(packet, packed=True), "constriction": theirs}
    decode = {
        "jscc": lambda: code.decode(packed, length, len(packet), packed=True).symbols,
        "constriction": lambda: constriction.stream.queue.RangeDecoder(words).decode(model, len(packet)),
    }
    for name, call in decode.items():
        if not np.array_equal(call(), packet):
            raise SystemExit(f"{name} decodes something else")
    rows = []
    for task, systems in (("encode a binary source", encode), ("decode a binary source", decode)):
        work = dict.fromkeys(systems, len(packet))
        rows += rates(task, "symbols/s", work, interleaved(systems, repeats))
    return rows


def received(code: ArithmeticCode, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Soft values of packets, and the lengths of their codewords."""
    rng = np.random.default_rng(0)
    packets = code.sample(PACKETS, length, rng)
    bits, lengths = code.encode(packets)
    rate = length * entropy(code.probabilities) / lengths.mean()  # EoB tells nothing of the source
    esn0 = 10 ** (EBN0_DB / 10) * rate
    llr = 4 * esn0 * (1 - 2.0 * bits + rng.standard_normal(bits.shape) / np.sqrt(2 * esn0))
    return llr.astype(np.float32), lengths


def decoders(repeats: int) -> list[dict]:
    """Packets per second of the soft decoders."""
    rows = []
    for setting, (code, length) in SETTINGS.items():
        llr, lengths = received(code, length)
        found = {
            "jscc (Chase q = 4, hard)": ChaseDecoder(code, length, 4),
            "jscc (Chase q = 4, soft)": ChaseDecoder(code, length, 4, 4.0),
            "jscc (guessing, 16 queries)": GuessingDecoder(code, length, 16),
            "jscc (guessing, 256 queries)": GuessingDecoder(code, length, 256),
            "jscc (guessing, 256 queries, soft)": GuessingDecoder(code, length, 256, rho=1e-4),
        }
        systems = {name: partial(decoder.decode, llr, lengths) for name, decoder in found.items()}
        work = dict.fromkeys(systems, PACKETS)
        rows += rates(f"decode packets, {setting}", "packets/s", work, interleaved(systems, repeats))
    return rows


def trellises(repeats: int) -> list[dict]:
    """Packets per second of trellis decoders; the number of states is part of the task."""
    rows = []
    for setting, (code, length) in TRELLISES.items():
        llr, lengths = received(code, length)
        systems, work = {}, {}
        for output in ("hard", "sova", "list-sova", "max-log", "exact"):
            decoder = TrellisDecoder(code, length, output)
            name = f"jscc ({output})"
            systems[name], work[name] = partial(decoder.decode, llr, lengths), PACKETS
        for output in ("hard", "max-log", "exact"):
            known = TrellisDecoder(code, length, output, length_constrained=True)
            name = f"jscc ({output}, L known)"
            work[name] = PACKETS if output == "hard" else CONSTRAINED
            systems[name] = partial(known.decode, llr[: work[name]], lengths[: work[name]])
        task = f"decode packets on a trellis of {decoder.machine.n_states} states, {setting}"
        rows += rates(task, "packets/s", work, interleaved(systems, repeats))
    return rows


def main() -> None:
    """Time the coders, the decoders, and those on trellises."""
    write("arithmetic", coders(repeats=11) + decoders(repeats=11) + trellises(repeats=5))


if __name__ == "__main__":
    main()
