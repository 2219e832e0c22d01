"""Decoding JPEG 2000: whole pictures beside Pillow, which contains OpenJPEG, and tier 1 alone.

The pictures are the camera man and, for colour, the astronaut, both of 512 x 512 pixels. A rate is pixels per second of
processor time on one core, from the bytes of a file to an array of 8 bits, the parsing of headers included. Before the
timing the largest difference between the two decoders is printed.

Tier 1 is timed on the code-blocks of the same files, in bits of their bytes per second. OpenJPEG's own can not be
called alone: its line is the whole decoding of a picture without wavelet levels and without loss, of which tier 1 is
nearly all.

A transmission is the camera man at 4.5 dB, the 16 words of Chase's patterns tried for each code-block in up to five
iterations, images not rebuilt: from the received values to the bytes after each iteration, and the tandem's beside.
"""

from __future__ import annotations

import io

import _timing
import numpy as np
from numba import njit
from numba.typed import List
from PIL import Image

from jscc import datasets
from jscc.convolutional import ConvolutionalCode
from jscc.jpeg2000 import Codestream, Outline, decode_image, parse
from jscc.jpeg2000.receiver import ImageLink
from jscc.jpeg2000.tier1 import begin_block, load_bytes, new_block, run_passes
from jscc.turbo import RandomInterleaver

REPEATS = 25
TRANSMISSIONS = 50
RSC = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
GRAY, COLOUR = datasets.image("camera"), datasets.image("astronaut")
LOSSY = {"irreversible": True, "num_resolutions": 6, "codeblock_size": (64, 64), "quality_mode": "rates"}
FILES = {
    "camera, .4 bit a pixel": (GRAY, LOSSY | {"quality_layers": [20]}),
    "camera, 1 bit a pixel": (GRAY, LOSSY | {"quality_layers": [8]}),
    "camera, lossless": (GRAY, {}),
    "camera, lossless, no wavelet levels": (GRAY, {"num_resolutions": 1}),
    "astronaut, 1 bit a pixel": (COLOUR, LOSSY | {"quality_layers": [24], "mct": 1}),
    "astronaut, lossless": (COLOUR, {"mct": 1}),
}


def coded(image: np.ndarray, settings: dict) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG2000", no_jp2=True, **settings)
    return file.getvalue()


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def prepared(codestream: Codestream) -> List:
    """A decoder, with its bytes, for each code-block that has some."""
    found = List()
    for number in np.flatnonzero(codestream.blocks["n_passes"]):
        row = codestream.blocks[number]
        subband = codestream.subbands[row["subband"]]
        planes = int(subband["magnitude_bits"] - row["zero_planes"])
        outline = Outline(
            int(row["x1"] - row["x0"]), int(row["y1"] - row["y0"]), planes, int(subband["orientation"]), 0
        )
        data = codestream.bytes_of(number)
        block = new_block(len(data))
        load_bytes(block, data, [(int(row["n_passes"]), len(data))])
        found.append((outline, block, int(row["n_passes"])))
    return found


@njit
def tier1(blocks):
    for outline, block, n_passes in blocks:
        begin_block(outline, block)
        run_passes(outline, block, 1, n_passes)


def main() -> None:
    rows = []
    for name, (image, settings) in FILES.items():
        data = coded(image, settings)
        off = np.abs(decode_image(data).astype(int) - by_pillow(data)).max()
        print(f"{name}: {len(data)} bytes, largest difference {off}")
        systems = {"jscc": lambda data=data: decode_image(data), "pillow": lambda data=data: by_pillow(data)}
        seconds = _timing.interleaved(systems, REPEATS)
        work = dict.fromkeys(systems, float(image.shape[0] * image.shape[1]))
        rows += _timing.rates(f"JPEG 2000, {name}", "pixel/s", work, seconds)
    for name, (image, settings) in FILES.items():
        data = coded(image, settings)
        codestream = parse(data)
        blocks, bits = prepared(codestream), 8.0 * int(codestream.segments["n_bytes"].sum())
        systems = {"jscc (tier 1)": lambda blocks=blocks: tier1(blocks)}
        if settings.get("num_resolutions") == 1:
            systems["pillow (all of it)"] = lambda data=data: by_pillow(data)
        seconds = _timing.interleaved(systems, REPEATS)
        rows += _timing.rates(f"tier 1, {name}", "bit/s", dict.fromkeys(systems, bits), seconds)
    for name in ("camera, .4 bit a pixel", "camera, 1 bit a pixel"):
        image, settings = FILES[name]
        link = ImageLink(parse(coded(image, settings)), RSC, RandomInterleaver(0))
        systems = {"jscc": lambda link=link: link.transmit(4.5, TRANSMISSIONS, 0)}
        seconds = _timing.interleaved(systems, 3)
        rows += _timing.rates(f"transmission, {name}", "transmission/s", {"jscc": float(TRANSMISSIONS)}, seconds)
    _timing.write("jpeg2000", rows)


if __name__ == "__main__":
    main()
