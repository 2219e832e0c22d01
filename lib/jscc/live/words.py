"""Live kernels of paper 2: reinforced belief propagation over GF(16), leaf removal, and what it expands."""

from __future__ import annotations

from jscc.gfq.stepwise import remove_leaves, substitute, sweep
from jscc.live.wasm import live_kernel

__all__ = ["KERNELS"]

KERNELS = [live_kernel(function) for function in (sweep, remove_leaves, substitute)]
