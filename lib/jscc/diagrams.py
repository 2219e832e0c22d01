"""The systems of the four papers as block diagrams, and the tree of leaf removal.

``python -m jscc.diagrams FOLDER`` writes them all as SVG files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from jscc.plotting.diagram import Diagram, Link, block_diagram
from jscc.plotting.style import INK, PALETTE


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


def jpeg2000() -> Diagram:
    """Draw section 5 of paper 3: the code-blocks of an image over a noisy channel, decoded in turns."""
    return block_diagram(
        [
            ["image", "coder", "blocks", "interleaver"],
            [None, "headers", None, "rsc"],
            [None, None, None, "channel"],
            [None, None, "deinterleave", "bcjr"],
            ["decoded", "decoder", "siso", "interleave"],
        ],
        {
            "image": ("data", "image"),
            "coder": ("coder", "JPEG 2000\ncoder"),
            "blocks": ("data", "bytes of 4\ncode-blocks"),
            "interleaver": ("coder", "scrambler\nπ"),
            "rsc": ("coder", "RSC\ncoder"),
            "channel": ("channel", "AWGN\nchannel"),
            "bcjr": ("coder", "BCJR\ndecoder"),
            "deinterleave": ("coder", "π⁻¹"),
            "siso": ("coder", "SISO Chase\nMQ decoder"),
            "interleave": ("coder", "π"),
            "headers": ("data", "headers"),
            "decoder": ("coder", "JPEG 2000\ndecoder"),
            "decoded": ("data", "image"),
        },
        [
            Link("image", "coder"),
            Link("coder", "blocks"),
            Link("blocks", "interleaver"),
            Link("interleaver", "rsc"),
            Link("rsc", "channel", "BPSK"),
            Link("channel", "bcjr"),
            Link("bcjr", "deinterleave"),
            Link("deinterleave", "siso", "extrinsic"),
            Link("siso", "interleave"),
            Link("interleave", "bcjr", "extrinsic"),
            Link("coder", "headers", dashed=True),
            Link("headers", "decoder", "without error", dashed=True),
            Link("siso", "decoder"),
            Link("decoder", "decoded"),
        ],
        title="JPEG 2000 over a noisy channel",
        alt=(
            "A JPEG 2000 coder turns an image into headers, which arrive without error, and the bytes of "
            "code-blocks. Those of four code-blocks are joined, scrambled, coded by a recursive systematic "
            "convolutional coder, and go over a channel with white Gaussian noise. At the receiver a BCJR decoder "
            "and a soft-input soft-output Chase decoder of MQ segments exchange extrinsic information in a loop; "
            "after the last turn the decided bytes go back to their places between the headers, and a JPEG 2000 "
            "decoder gives the image."
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


SYSTEMS = {"syndromes": syndromes, "lossy": lossy, "arithmetic": arithmetic, "jpeg2000": jpeg2000, "necst": necst}


def leaf_tree(graph, order, pivots) -> Figure:
    """Draw an ultra-sparse code as a graph whose nodes are checks and whose edges are symbols, as leaf removal goes.

    The checks stand in columns by their distance from the check that was taken away (hollow, at the left); the
    symbols that leaf removal solves for are bold, all others dashed.

    Parameters
    ----------
    graph : jscc.tanner.TannerGraph
        Of a code that lost one check: every symbol in two checks, or in one and the check taken away.
    order : sequence of int
        The checks in the order in which leaf removal put them aside.
    pivots : sequence of int
        The symbol that each of them was put aside with.

    Returns
    -------
    Figure
        Closed, so that a notebook shows it once, as the value of its cell.
    """
    ends = [[-1] * (2 - int(degree)) for degree in graph.variable_degrees]  # -1 is the check taken away
    for check, symbol in zip(graph.edge_checks, graph.check_variables, strict=True):
        ends[symbol].append(int(check))
    depth = {-1: 0}
    for check, pivot in zip(order, pivots, strict=True):
        (other,) = (end for end in ends[pivot] if end != check)
        depth[int(check)] = depth[other] + 1
    place = {}
    for column in range(max(depth.values()) + 1):
        checks = [check for check in depth if depth[check] == column]
        place |= {check: (column, i - (len(checks) - 1) / 2) for i, check in enumerate(checks)}
    solved = {"color": INK, "lw": 2.2, "connectionstyle": "arc3,rad=0"}
    free = {"color": PALETTE[1], "lw": 1.2, "ls": "--", "connectionstyle": "arc3,rad=0.25"}
    pivots = {int(pivot) for pivot in pivots}
    figure, ax = plt.subplots(figsize=(7, 3.2))
    for symbol, (one, other) in enumerate(ends):
        look = solved if symbol in pivots else free
        line = {"arrowstyle": "-", "shrinkA": 0, "shrinkB": 0} | look
        ax.annotate("", place[one], place[other], arrowprops=line)
    for check, (x, y) in place.items():
        fill = "white" if check == -1 else "0.75"
        ax.plot(x, y, "s", ms=11, zorder=3, mec=INK, mfc=fill)
    ax.set(xlim=(-0.4, max(depth.values()) + 0.4), xticks=[], yticks=[])
    ax.set_axis_off()
    plt.close(figure)
    return figure


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
