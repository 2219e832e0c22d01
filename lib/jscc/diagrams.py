"""The systems of the four papers as block diagrams.

``python -m jscc.diagrams FOLDER`` writes them all as SVG files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from jscc.plotting.diagram import Diagram, Link, block_diagram


def syndromes() -> Diagram:
    """Draw paper 1: an image is classified from the LDPC syndromes of its bit-planes (Figs. 1 and 2)."""
    return block_diagram(
        [["image", "dct", "planes"], ["class", "gru", "ldpc"]],
        {
            "image": ("data", "image"),
            "dct": ("coder", "DCT and\nquantisation"),
            "planes": ("coder", "split into\nbit-planes"),
            "ldpc": ("coder", "LDPC code:\nsᵢ = H xᵢ"),
            "gru": ("network", "GRU\nclassifier"),
            "class": ("data", "class"),
        },
        [
            Link("image", "planes", "Setup 1: the pixels themselves", path="over"),
            Link("image", "dct", "Setup 2"),
            Link("dct", "planes"),
            Link("planes", "ldpc", "planes xᵢ"),
            Link("ldpc", "gru", "syndromes"),
            Link("gru", "class"),
        ],
        title="Classifying with syndromes",
        alt=(
            "An image is split into bit-planes, either its pixels directly (Setup 1) or after DCT and "
            "quantisation (Setup 2). An LDPC code maps each bit-plane to its syndrome, the matrix H times "
            "the plane. A GRU network reads the syndromes and gives the class; nothing is decoded on the way."
        ),
    )


def lossy() -> Diagram:
    """Draw paper 2: lossy compression with an ultra-sparse code over GF(q) (Sections III and IV)."""
    return block_diagram(
        [["source", "rbp", None], [None, "graph", "symbols"], ["reproduction", "leaves", None]],
        {
            "source": ("data", "source\ny"),
            "rbp": ("coder", "encoder: reinforced\nbelief propagation"),
            "graph": ("data", "b-reduced ultra-sparse\ngraph over GF(q)"),
            "symbols": ("data", "information\nsymbols x"),
            "leaves": ("coder", "decoder: leaf removal\nin reverse order"),
            "reproduction": ("data", "reproduction\nŷ"),
        },
        [
            Link("source", "rbp", "n bits"),
            Link("rbp", "symbols", "k bits", path="-|"),
            Link("symbols", "leaves", path="|-"),
            Link("leaves", "reproduction", "n bits"),
            Link("graph", "rbp", dashed=True),
            Link("graph", "leaves", dashed=True),
        ],
        title="Lossy compression with codes over GF(q)",
        alt=(
            "A binary source sequence y of n bits enters the encoder, reinforced belief propagation, which "
            "finds a nearby codeword and keeps its information symbols x, k bits. The decoder undoes leaf "
            "removal step by step and gives the reproduction, n bits. Both use the same b-reduced "
            "ultra-sparse graph over GF(q)."
        ),
    )


def arithmetic() -> Diagram:
    """Draw paper 3: arithmetic code and convolutional code decoded in turns (Fig. 4)."""
    return block_diagram(
        [
            ["source", "ac", "interleaver", "rsc"],
            [None, None, None, "channel"],
            [None, None, "deinterleave", "bcjr"],
            ["packets", "siso", "interleave", None],
        ],
        {
            "source": ("data", "source"),
            "ac": ("coder", "arithmetic\ncoder"),
            "interleaver": ("coder", "interleaver\nπ"),
            "rsc": ("coder", "RSC\ncoder"),
            "channel": ("channel", "AWGN\nchannel"),
            "bcjr": ("coder", "BCJR\ndecoder"),
            "deinterleave": ("coder", "π⁻¹"),
            "siso": ("coder", "SISO Chase\narithmetic\ndecoder"),
            "interleave": ("coder", "π"),
            "packets": ("data", "packets"),
        },
        [
            Link("source", "ac"),
            Link("ac", "interleaver"),
            Link("interleaver", "rsc"),
            Link("rsc", "channel", "BPSK"),
            Link("channel", "bcjr"),
            Link("bcjr", "deinterleave"),
            Link("deinterleave", "siso", "extrinsic", path="-|"),
            Link("siso", "interleave"),
            Link("interleave", "bcjr", "extrinsic", path="-|"),
            Link("siso", "packets"),
        ],
        title="Turbo decoding of arithmetic codes",
        alt=(
            "Packets of a source pass an arithmetic coder, an interleaver and a recursive systematic "
            "convolutional coder, and go over a channel with white Gaussian noise. At the receiver a BCJR "
            "decoder and a soft-input soft-output Chase arithmetic decoder exchange extrinsic information in "
            "a loop, through de-interleaver and interleaver; after the last turn the arithmetic decoder "
            "gives the packets."
        ),
    )


def necst() -> Diagram:
    """Draw paper 4: source and channel code learned together over a simulated channel (Fig. 1)."""
    return block_diagram(
        [["image", "encoder", "code"], [None, None, "channel"], ["output", "decoder", "noisy"]],
        {
            "image": ("data", "image x"),
            "encoder": ("network", "encoder\nnetwork"),
            "code": ("data", "code bits ŷ"),
            "channel": ("channel", "BSC or BEC"),
            "noisy": ("data", "noisy bits y"),
            "decoder": ("network", "decoder\nnetwork"),
            "output": ("data", "image x̂"),
        },
        [
            Link("image", "encoder"),
            Link("encoder", "code", "sample"),
            Link("code", "channel"),
            Link("channel", "noisy"),
            Link("noisy", "decoder"),
            Link("decoder", "output"),
            Link("decoder", "encoder", "gradient\n(VIMCO)", dashed=True),
        ],
        title="Neural joint source-channel coding",
        alt=(
            "An encoder network maps an image to the probabilities of code bits, which are sampled and pass "
            "a binary symmetric or binary erasure channel. A decoder network maps the noisy bits to a "
            "reconstructed image. In training the gradient passes from decoder to encoder, around the "
            "discrete bits, by the VIMCO estimator."
        ),
    )


SYSTEMS = {"syndromes": syndromes, "lossy": lossy, "arithmetic": arithmetic, "necst": necst}


def write_all(folder: str | Path) -> list[Path]:
    """Write every system's diagram as ``<name>.svg``.

    Parameters
    ----------
    folder : path
        Where to; made if it is not there.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in SYSTEMS.items():
        written.append(folder / f"{name}.svg")
        draw().save(written[-1])
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the block diagrams of the four papers.")
    parser.add_argument("folder")
    for path in write_all(parser.parse_args().folder):
        print(path)
