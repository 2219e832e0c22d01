"""Soft decoding of an 8-state recursive systematic code, rate 1/2, 1,024 information bits, at 2 dB.

A rate is information bits per second of processor time, on one core, everything from the codewords' soft values to
decisions and posteriors included. Before the timing the errors of each decoder are counted on the same frames. Peers
take part where they are installed: `sionna-no-rt` (BCJR, in batches) and `scikit-commpy` (BCJR and Viterbi, frame by
frame).

The quantiser's line is trellis-coded quantisation of words of 12,000 bits with 4,096 states.
"""

from __future__ import annotations

from importlib.util import find_spec

import _timing
import numpy as np

from jscc import channels
from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder, code_of_rate

K, EBN0_DB, FRAMES, FEW = 1024, 2.0, 1024, 4
CODE = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)


def commpy_systems(llr):
    """Decoders of scikit-commpy: function to be timed, and frames that it decodes."""
    from commpy.channelcoding import Trellis, map_decode, viterbi_decode

    trellis = Trellis(np.array([3]), np.array([[0o13, 0o15]]), feedback=0o13, code_type="rsc")
    variance = channels.noise_deviation(EBN0_DB, 0.5) ** 2
    received = llr[:FEW].astype(float) * variance / 2
    silent = np.zeros(CODE.steps(K))

    def bcjr():
        for y in received:
            map_decode(-y[::2], -y[1::2], trellis, variance, silent, "decode")

    def viterbi():
        for y in received:
            viterbi_decode(-y, trellis, decoding_type="unquantized")

    return {"scikit-commpy (BCJR)": (bcjr, FEW), "scikit-commpy (Viterbi)": (viterbi, FEW)}


def sionna_systems(llr):
    """Decoders of Sionna, whose log-likelihood ratios have the other sign."""
    import torch
    from sionna.phy.fec.conv import BCJRDecoder as Theirs

    decoder = Theirs(gen_poly=("1011", "1101"), rsc=True, terminate=True, algorithm="map")
    batch = torch.as_tensor(-llr)
    return {"sionna-no-rt (BCJR)": (lambda: decoder(batch), len(llr))}


def main() -> None:
    rng = np.random.default_rng(0)
    information = rng.integers(0, 2, (FRAMES, K), dtype=np.uint8)
    received = channels.awgn(channels.bpsk(CODE.encode(information)), EBN0_DB, 0.5, rng)
    llr = channels.awgn_llr(received, EBN0_DB, 0.5)
    decoders = {
        "jscc (BCJR exact)": BCJRDecoder(CODE),
        "jscc (BCJR max-log)": BCJRDecoder(CODE, "max-log"),
        "jscc (Viterbi)": ViterbiDecoder(CODE),
    }
    systems = {}
    for name, decoder in decoders.items():
        print(name, "wrong bits:", int((decoder.decode(llr).bits != information).sum()), "of", information.size)
        systems[name] = (lambda d=decoder: d.decode(llr), FRAMES)
    for name, decoder in decoders.items():
        systems[name[:-1] + ", one frame)"] = (lambda d=decoder: d.decode(llr[0]), 1)
    if find_spec("commpy"):
        systems |= commpy_systems(llr)
    if find_spec("sionna"):
        systems |= sionna_systems(llr)
    work = {name: float(K * frames) for name, (_, frames) in systems.items()}
    seconds = _timing.interleaved({name: call for name, (call, _) in systems.items()}, repeats=9)
    rows = _timing.rates("soft decoding of (1, 15/13), 8 states", "bit/s", work, seconds)

    code, words = code_of_rate(0.5, 12), rng.integers(0, 2, (2, 12_000), dtype=np.uint8)
    quantiser = {"jscc (quantise)": lambda: code.quantise(words)}
    seconds = _timing.interleaved(quantiser, repeats=9)
    task = "trellis-coded quantisation, 4,096 states"
    rows += _timing.rates(task, "source bit/s", {"jscc (quantise)": float(words.size)}, seconds)
    _timing.write("convolutional", rows)


if __name__ == "__main__":
    main()
