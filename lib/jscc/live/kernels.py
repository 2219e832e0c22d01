"""Every kernel that a page of the book may run, by name, and every store of arrays that it may load."""

from jscc.arithmetic.live import chase_words, decode_words, encode_words, guess_words
from jscc.classify.live import gru_scores
from jscc.gfq.live import remove_leaves, substitute, sweep
from jscc.ldpc.live import propagate, syndromes_of_planes
from jscc.live.wasm import live_kernel
from jscc.necst.live import drawing_arrays, learned_picture, learned_word, separate_picture, separate_word

__all__ = ["DRAWING", "KERNELS", "PACKETS", "PLANES", "STORES", "WORDS"]

DRAWING = [live_kernel(function) for function in (learned_word, learned_picture, separate_word, separate_picture)]
"""Of a drawing, its bits and the way back."""
PACKETS = [live_kernel(function) for function in (encode_words, decode_words, chase_words, guess_words)]
"""Of a packet over the channel."""
PLANES = [live_kernel(function) for function in (syndromes_of_planes, gru_scores, propagate)]
"""Of a picture, its syndromes and the way back."""
WORDS = [live_kernel(function) for function in (sweep, remove_leaves, substitute)]
"""Of a word that freezes into a codeword."""

KERNELS = {kernel.name: kernel for kernel in (*DRAWING, *PACKETS, *PLANES, *WORDS)}
"""All of them."""

STORES = {"drawing": drawing_arrays}
"""What makes the arrays of each store."""
