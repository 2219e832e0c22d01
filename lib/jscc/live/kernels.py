"""Every kernel that a page of the book may run, by name."""

from jscc.live import packets, planes, words

__all__ = ["KERNELS"]

KERNELS = {kernel.name: kernel for kernel in (*packets.KERNELS, *planes.KERNELS, *words.KERNELS)}
"""The live kernels; a further one is added by a module's own list `KERNELS`."""
