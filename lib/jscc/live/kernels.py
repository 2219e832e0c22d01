"""Every kernel that a page of the book may run, by name."""

from jscc.arithmetic.live import chase_words, decode_words, encode_words, guess_words
from jscc.classify.live import gru_scores
from jscc.gfq.live import remove_leaves, substitute, sweep
from jscc.ldpc.live import propagate, syndromes_of_planes
from jscc.live.wasm import live_kernel

__all__ = ["KERNELS", "PACKETS", "PLANES", "WORDS"]

PACKETS = [live_kernel(function) for function in (encode_words, decode_words, chase_words, guess_words)]
"""Of a packet over the channel."""
PLANES = [live_kernel(function) for function in (syndromes_of_planes, gru_scores, propagate)]
"""Of a picture, its syndromes and the way back."""
WORDS = [live_kernel(function) for function in (sweep, remove_leaves, substitute)]
"""Of a word that freezes into a codeword."""

KERNELS = {kernel.name: kernel for kernel in (*PACKETS, *PLANES, *WORDS)}
"""All of them."""
