"""Decoders that misbehave, for the tests of what watches over a decoder."""

from __future__ import annotations

import os
import signal
from itertools import count

import numpy as np

from jscc.jpeg2000 import CodestreamError

PLANES = [np.zeros((1, 1), np.int32)]
calls = count()


def by_turns(data):
    """Each call does something else; a process that begins anew goes on with an image."""
    return (
        image,
        names_a_byte,
        names_a_byte_outside,
        looks_beyond,
        takes_memory,
        gives_floats,
        dies,
    )[next(calls)](data)


def image(data):
    return PLANES


def names_a_byte(data):
    raise CodestreamError(len(data), "here")


def names_a_byte_outside(data):
    raise CodestreamError(len(data) + 1, "beyond")


def looks_beyond(data):
    raise IndexError("index is out of bounds")


def takes_memory(data):
    return [np.ones((2**14, 2**15), np.int32)]


def gives_floats(data):
    return [np.zeros((1, 1))]


def dies(data):
    os.kill(os.getpid(), signal.SIGSEGV)


def hangs(data):
    while True:
        pass
