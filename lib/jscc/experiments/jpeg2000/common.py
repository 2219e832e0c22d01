"""What the experiments of JPEG 2000 over a noisy channel share: coded images, the link, the quality of what arrives."""

from __future__ import annotations

import io
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from jscc import datasets
from jscc.experiments.arithmetic.turbo import INTERLEAVER, RSC
from jscc.jpeg2000 import Codestream, parse
from jscc.jpeg2000.rebuilding import Rebuilder
from jscc.jpeg2000.receiver import ImageLink, Received, SegmentDecoder
from jscc.statistics import mean_interval

BLOCKS_PER_FRAME = 4  # P
ITERATIONS = 5
SHOWN = (0, 1, 3, 5)  # iterations of the figures; 0 is the tandem
Q = 4
BATCH = 50  # transmissions that are decoded side by side


def beta_at(ebn0_db: float) -> float:
    """The paper's schedule of the extrinsic value: 2.5 at 4 dB, 4.0 from 4.5 dB on (section 5)."""
    return 2.5 if ebn0_db < 4.25 else 4.0


@lru_cache(maxsize=32)
def picture(name: str) -> np.ndarray:
    """A grey picture (uint8); of one in colours the luma of ITU-R BT.601."""
    image = datasets.image(name)
    return image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))


def words_of(codestream: Codestream, blocks) -> np.ndarray:
    """The bits of code-blocks (uint8), one block a row, zero behind a block's end."""
    words = np.zeros((len(blocks), 8 * max(block.n_bytes for block in blocks)), np.uint8)
    for word, block in zip(words, blocks, strict=True):
        word[: 8 * block.n_bytes] = np.unpackbits(np.frombuffer(codestream.bytes_of(block.number), np.uint8))
    return words


@lru_cache(maxsize=64)
def coded(name: str, bpp: float, block: int) -> Codestream:
    """A picture as OpenJPEG codes it: 9-7, five levels, one layer cut off at `bpp` bits a pixel."""
    file = io.BytesIO()
    Image.fromarray(picture(name)).save(
        file,
        "JPEG2000",
        no_jp2=True,
        irreversible=True,
        num_resolutions=6,
        codeblock_size=(block, block),
        quality_mode="rates",
        quality_layers=[8 / bpp],
    )
    return parse(file.getvalue())


def encoded(image: np.ndarray, block: int, rates: tuple[float, ...]) -> Codestream:
    """A picture, grey or in colours, with a quality layer for each rate in bits a pixel, the last one that of all.

    As `coded`, which is of one layer; the components of colours are transformed.
    """
    file = io.BytesIO()
    bits = 8 * image.size / (image.shape[0] * image.shape[1])
    Image.fromarray(image).save(
        file,
        "JPEG2000",
        no_jp2=True,
        irreversible=True,
        mct=int(image.ndim == 3),
        num_resolutions=6,
        codeblock_size=(block, block),
        quality_mode="rates",
        quality_layers=[bits / bpp for bpp in rates],
    )
    return parse(file.getvalue())


class Quality(NamedTuple):
    """Sums of squared errors (int64), one a transmission: as decoded, and with invalid blocks put to zero."""

    plain: np.ndarray
    concealed: np.ndarray


def squared_error(image: np.ndarray, original: np.ndarray) -> int:
    """The sum of squared differences, an integer."""
    return int(np.square(image.astype(np.int32) - original).sum(dtype=np.int64))


def psnr(errors, pixels: int) -> np.ndarray:
    """Peak signal-to-noise ratio in dB of 8-bit images with these sums of squared errors."""
    return 10 * np.log10(255**2 * pixels / np.asarray(errors, np.float64))


def quality_of(received: Received, rebuilder: Rebuilder, original: np.ndarray) -> list[Quality]:
    """Of each iteration in `SHOWN`: the errors of all transmissions."""
    trials = received.content.shape[1]
    found = [Quality(*np.zeros((2, trials), np.int64)) for _ in SHOWN]
    for trial in range(trials):
        known = {}  # most images come twice: nothing changed from one iteration to the next, or no block is invalid
        for quality, turn in zip(found, SHOWN, strict=True):
            content, invalid = received.content[turn, trial], ~received.valid[turn, trial]
            for errors, zeroed in ((quality.plain, np.zeros_like(invalid)), (quality.concealed, invalid)):
                key = content.tobytes() + zeroed.tobytes()
                if key not in known:
                    known[key] = squared_error(rebuilder.image(content, zeroed), original)
                errors[trial] = known[key]
    return found


def summary(errors: np.ndarray, pixels: int, prefix: str) -> dict:
    """Mean, deviation, the worst 5 % and the interval of the mean of the PSNR."""
    values = psnr(errors, pixels)
    mean, low, high = mean_interval(values)
    return {
        f"{prefix}_mean": mean,
        f"{prefix}_std": float(values.std(ddof=1)),
        f"{prefix}_p05": float(np.quantile(values, 0.05)),
        f"{prefix}_ci_low": low,
        f"{prefix}_ci_high": high,
    }


def chase_link(codestream: Codestream, ebn0_db: float) -> ImageLink:
    """The paper's receiver."""
    source = partial(SegmentDecoder, q=Q, beta=beta_at(ebn0_db))
    return ImageLink(codestream, RSC, INTERLEAVER, BLOCKS_PER_FRAME, ITERATIONS, source)


def sent_images(link: ImageLink, original: np.ndarray, ebn0_db: float, n: int, seed: int) -> list[dict]:
    """Send an image `n` times; a row for each iteration that is shown, of one and the same noise."""
    rebuilder = Rebuilder(link.codestream, [block.number for block in link.blocks])
    rng = np.random.default_rng(seed)
    batches, counts, turns = [], np.zeros((3, len(SHOWN)), np.int64), 0
    for first in range(0, n, BATCH):
        received = link.transmit(ebn0_db, min(BATCH, n - first), rng)
        batches.append(quality_of(received, rebuilder, original))
        counts += counts_of(link, received)
        turns += int(received.iterations.sum())
    error_free = psnr(squared_error(rebuilder.image(rebuilder.content), original), original.size)
    rows = []
    for k, iteration in enumerate(SHOWN):
        plain, concealed = (np.concatenate([getattr(batch[k], kind) for batch in batches]) for kind in Quality._fields)
        rows.append(
            {
                "iteration": iteration,
                **summary(plain, original.size, "psnr"),
                **summary(concealed, original.size, "concealed"),
                "error_free": float(error_free),
                "bytes": len(link.content),
                "blocks": n * len(link.blocks),
                **dict(
                    zip(("blocks_wrong", "blocks_invalid", "blocks_undetected"), counts[:, k].tolist(), strict=True)
                ),
                "frame_iterations": turns,
            }
        )
    return rows


def counts_of(link: ImageLink, received: Received) -> np.ndarray:
    """Blocks with wrong bits, without a valid word, and wrong ones that are valid, of each iteration shown."""
    valid = received.valid[list(SHOWN)]
    wrong = np.logical_or.reduceat(received.content[list(SHOWN)] != link.content, link.starts[:-1], axis=2)
    return np.stack([each.sum(axis=(1, 2)) for each in (wrong, ~valid, wrong & valid)])


def transmissions(link, rebuilder, original: np.ndarray, ebn0_db: float, n: int, seed: int) -> tuple[list, np.ndarray]:
    """Send an image `n` times; the `Quality` of all of each iteration in `SHOWN`, and `counts_of` all."""
    rng = np.random.default_rng(seed)
    batches, counts = [], np.zeros((3, len(SHOWN)), np.int64)
    for first in range(0, n, BATCH):
        received = link.transmit(ebn0_db, min(BATCH, n - first), rng)
        batches.append(quality_of(received, rebuilder, original))
        counts += counts_of(link, received)
    return [Quality(*map(np.concatenate, zip(*of_turn, strict=True))) for of_turn in zip(*batches, strict=True)], counts


def quality_rows(link, rebuilder, original: np.ndarray, qualities: list, counts: np.ndarray) -> list[dict]:
    """A row for each iteration in `SHOWN`, as `sent_images` has them, of a rebuilder of any kind."""
    error_free = float(psnr(squared_error(rebuilder.image(rebuilder.content), original), original.size))
    names = ("blocks_wrong", "blocks_invalid", "blocks_undetected")
    return [
        {
            "iteration": iteration,
            **summary(quality.plain, original.size, "psnr"),
            **summary(quality.concealed, original.size, "concealed"),
            "error_free": error_free,
            "bytes": len(link.content),
            "blocks": len(quality.plain) * len(link.blocks),
            **dict(zip(names, found.tolist(), strict=True)),
        }
        for iteration, quality, found in zip(SHOWN, qualities, counts.T, strict=True)
    ]
