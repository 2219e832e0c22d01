"""An image's code-blocks in frames behind a convolutional code: sent, and decoded in turns (paper 3, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jscc.channels import awgn, awgn_llr, bpsk
from jscc.convolutional.bcjr import BCJRDecoder
from jscc.convolutional.code import ConvolutionalCode
from jscc.convolutional.viterbi import ViterbiDecoder
from jscc.jpeg2000.codestream import Codestream
from jscc.jpeg2000.receiver.blocks import CodeBlock, coded_blocks
from jscc.jpeg2000.receiver.chase import SegmentDecoder
from jscc.turbo import RandomInterleaver, SerialTurbo, SourceDecoder

__all__ = ["ImageLink", "Received"]


class Received(NamedTuple):
    """What a receiver made of some transmissions of an image's code-blocks.

    Attributes
    ----------
    content : ndarray of uint8, shape (1 + iterations, trials, bytes)
        The bytes of all blocks, one block behind the other: of the tandem, then after each iteration.
    valid : ndarray of bool, shape (1 + iterations, trials, blocks)
        Whether a valid word was found.
    iterations : ndarray of int32, shape (trials, frames)
        That were run.
    """

    content: np.ndarray
    valid: np.ndarray
    iterations: np.ndarray


class ImageLink:
    """An image's code-blocks in frames behind a convolutional code, a channel, and two receivers.

    Parameters
    ----------
    codestream : Codestream
    code : ConvolutionalCode
    interleaver : RandomInterleaver
    blocks_per_frame : int
        P of the paper, 4 there; the last frame has the blocks that are left.
    iterations : int
        At most; a frame whose words are valid and the same twice in turn is finished.
    source : callable
        Makes the source decoder of a frame from its blocks; `SegmentDecoder` by default.

    Raises
    ------
    ValueError
        If a number is below 1, or the codestream has no blocks that can be sent.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import parse
    >>> file = io.BytesIO()
    >>> picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    >>> Image.fromarray(picture).save(file, "JPEG2000", no_jp2=True, irreversible=True, quality_layers=[8])
    >>> code = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
    >>> link = ImageLink(parse(file.getvalue()), code, RandomInterleaver(0))
    >>> received = link.transmit(5.0, trials=50, rng=1)
    >>> wrong = (received.content != link.content).any(axis=2).sum(axis=1)
    >>> bool(wrong[0] > 2 * wrong[-1])
    True
    """

    def __init__(
        self,
        codestream: Codestream,
        code: ConvolutionalCode,
        interleaver: RandomInterleaver,
        blocks_per_frame: int = 4,
        iterations: int = 5,
        source: Callable[[Sequence[CodeBlock]], SourceDecoder] = SegmentDecoder,
    ):
        self.codestream, self.blocks = codestream, coded_blocks(codestream)
        if not self.blocks or blocks_per_frame < 1:
            raise ValueError(f"{len(self.blocks)} blocks, {blocks_per_frame} a frame given, 1 or more are expected")
        numbers = [block.number for block in self.blocks]
        self.content = np.frombuffer(codestream.bytes_of(numbers), np.uint8)
        self.starts = np.cumsum([0, *(block.n_bytes for block in self.blocks)])
        self.iterations = iterations
        self.code = code
        self._frames = []
        for first in range(0, len(self.blocks), blocks_per_frame):
            frame = self.blocks[first : first + blocks_per_frame]
            tandem = SerialTurbo(ViterbiDecoder(code), SegmentDecoder(frame, 0, 0), interleaver, len(frame), 1)
            turbo = SerialTurbo(BCJRDecoder(code), source(frame), interleaver, len(frame), iterations, stop=True)
            self._frames.append((first, frame, tandem, turbo))

    def transmit(self, ebn0_db: float, trials: int, rng) -> Received:
        """Send the image so many times, and decode each both ways from the same received values.

        Parameters
        ----------
        ebn0_db : float
            Eb/N0 in dB, per information bit of the convolutional code: its rate alone is counted.
        trials : int
        rng : int or numpy.random.Generator

        Returns
        -------
        Received
        """
        rng = np.random.default_rng(rng)
        content = np.empty((1 + self.iterations, trials, len(self.content)), np.uint8)
        valid = np.empty((1 + self.iterations, trials, len(self.blocks)), bool)
        turns = np.empty((trials, len(self._frames)), np.int32)
        for index, (first, frame, tandem, turbo) in enumerate(self._frames):
            lengths = np.array([8 * block.n_bytes for block in frame])
            packets = self._packets(first, lengths)
            word = bpsk(turbo.encode(packets, lengths)[0])
            rate = self.code.rate
            llr = awgn_llr(awgn(np.tile(word, (trials, 1)), ebn0_db, rate, rng), ebn0_db, rate)
            all_lengths = np.tile(lengths, trials)
            found = turbo.decode(llr, all_lengths)
            for turn, result in enumerate((tandem.decode(llr, all_lengths), *found.trace)):
                bits = result.bits.reshape(trials, len(frame), -1)
                for k, length in enumerate(lengths):
                    start, end = self.starts[first + k : first + k + 2]
                    content[turn, :, start:end] = np.packbits(bits[:, k, :length], axis=1)
                valid[turn, :, first : first + len(frame)] = result.converged.reshape(trials, -1)
            turns[:, index] = found.iterations[:: len(frame)]
        return Received(content, valid, turns)

    def _packets(self, first: int, lengths: np.ndarray) -> np.ndarray:
        """The words of a frame's blocks, one a row."""
        packets = np.zeros((len(lengths), lengths.max()), np.uint8)
        for k, length in enumerate(lengths):
            packets[k, :length] = np.unpackbits(self.content[self.starts[first + k] : self.starts[first + k + 1]])
        return packets

    def __repr__(self) -> str:
        return f"ImageLink({len(self.blocks)} code-blocks of {len(self.content)} bytes in {len(self._frames)} frames)"
