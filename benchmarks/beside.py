"""The kernels of this tree beside those of another one, in turns.

``python benchmarks/beside.py OTHER`` is given the root of another checkout, one of before a change say, and prints for
each kernel the least time in both, and the median of the ratio of neighbouring calls with its quartiles: above one,
this tree is the faster. Each tree has a process of its own, and one waits while the other works; the clock is the
processor time of the process. What another tree does not have by the same door is left out, and named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import _timing  # noqa: F401  # first: it holds every library to one thread

HERE = Path(__file__).resolve().parent.parent


def belief_propagation() -> dict[str, Callable[[], object]]:
    """A (3, 6) code of 1,024 bits over the BSC(.05): a batch, and words one by one."""
    import numpy as np

    from jscc import tanner
    from jscc.ldpc import BeliefPropagation

    rng = np.random.default_rng(0)
    graph = tanner.regular(1024, 3, 6, rng)
    llr = np.where(rng.random((2000, 1024)) < 0.05, -1, 1) * np.float32(np.log(0.95 / 0.05))
    calls = {}
    for method in ("sum-product", "min-sum"):
        for schedule in ("flooding", "layered"):
            decoder = BeliefPropagation(graph, method=method, schedule=schedule, max_iterations=50)
            calls[f"{method}, {schedule}, batch"] = lambda d=decoder: d.decode(llr)
            calls[f"{method}, {schedule}, single words"] = lambda d=decoder: [d.decode(row) for row in llr[:200]]
    return calls


def reinforced() -> dict[str, Callable[[], object]]:
    """The code of the paper's Figure 2 over three fields, twenty iterations of words that do not converge."""
    import numpy as np

    from jscc.gfq import ReinforcedBP, ultra_sparse

    calls = {}
    for p in (4, 6, 8):
        rng = np.random.default_rng(p)
        code = ultra_sparse(9600 // p, 0.33, p, rng, reduction=5)
        bits = rng.integers(0, 2, code.n_bits, dtype=np.uint8)
        for schedule in ("variable", "check", "flooding"):
            options = {"schedule": schedule, "gamma0": 0.99, "prior": 0.8, "max_iterations": 20, "max_trials": 1}
            bp = ReinforcedBP(code, **options)
            calls[f"RBP over GF({1 << p}), {schedule}"] = lambda bp=bp, bits=bits: bp.quantise(bits, 0)
    return calls


def classifiers() -> dict[str, Callable[[], object]]:
    """Syndromes of 8,000 images, and a pass of each network over 1,280."""
    import numpy as np

    from jscc.classify import GRUClassifier, Settings, paper_code
    from jscc.ldpc import syndromes

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8000, 1024), dtype=np.uint8)
    packed, labels = rng.integers(0, 256, (1280, 512), dtype=np.uint8), rng.integers(0, 10, 1280)
    code = paper_code()
    calls: dict[str, Callable[[], object]] = {"syndromes": lambda: syndromes(images, code)}
    for units in (12, 32):
        network = GRUClassifier(512, 8, Settings(units=units), 0)
        calls[f"GRU{units}, a pass"] = lambda network=network: network.fit(packed, labels, epochs=1)
    return calls


def convolutional() -> dict[str, Callable[[], object]]:
    """Viterbi and BCJR decoding of 256 frames of an 8-state code at 2 dB."""
    import numpy as np

    from jscc import channels
    from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder

    rng = np.random.default_rng(0)
    code = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
    sent = code.encode(rng.integers(0, 2, (256, 1024), dtype=np.uint8))
    llr = channels.awgn_llr(channels.awgn(channels.bpsk(sent), 2.0, 0.5, rng), 2.0, 0.5)
    decoders = [ViterbiDecoder(code), BCJRDecoder(code)]
    return {type(decoder).__name__: lambda decoder=decoder: decoder.decode(llr) for decoder in decoders}


def serve() -> None:
    """Time the kernels whose names come in, in the tree that is imported."""
    calls: dict[str, Callable[[], object]] = {}
    for group in (belief_propagation, reinforced, classifiers, convolutional):
        try:
            calls |= group()
        except (ImportError, AttributeError, TypeError) as error:
            print(f"{group.__name__}: {error}", file=sys.stderr)
    print("\t".join(calls), flush=True)
    for line in sys.stdin:
        start = time.process_time()
        calls[line.rstrip("\n")]()
        print(time.process_time() - start, flush=True)


class Tree:
    """A process with the library of one tree."""

    def __init__(self, root: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(root / "lib")}
        command = [sys.executable, __file__, "--serve"]
        self.process = subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True)
        self.names = self.process.stdout.readline().rstrip("\n").split("\t")

    def seconds(self, name: str) -> float:
        """The time of one call."""
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("other", type=Path, nargs="?", help="root of another checkout")
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve()
    if options.other is None or not (options.other / "lib" / "jscc").is_dir():
        parser.error(f"{options.other} given, the root of another checkout of this project is expected")
    here, other = Tree(HERE), Tree(options.other.resolve())
    print(f"{'kernel':36s}{'other':>10s}{'here':>10s}  ratio (quartiles)")
    for name in here.names:
        if name not in other.names:
            print(f"{name:36s}{'–':>10s}")
            continue
        pairs = []
        for turn in range(options.repeats + 2):
            first, second = (here, other) if turn % 2 else (other, here)
            times = {first: first.seconds(name), second: second.seconds(name)}
            pairs.append((times[other], times[here]))
        pairs = pairs[2:]  # compilation, and caches
        low, _, high = quantiles([before / now for before, now in pairs], n=4)
        least = [1e3 * min(times) for times in zip(*pairs, strict=True)]
        ratio = median(before / now for before, now in pairs)
        print(f"{name:36s}{least[0]:7.2f} ms{least[1]:7.2f} ms  {ratio:.3f} ({low:.3f} to {high:.3f})", flush=True)
    return None


if __name__ == "__main__":
    main()
