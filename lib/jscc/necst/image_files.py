"""WebP and JPEG as rivals: the bits of a small picture without its headers, against the distortion.

Paper 4, sections 5.2 and B.1, asks how many bits a file needs for NECST's distortion, headers left out. Of a WebP file
the container and the frame's header are left out (30 bytes), of a JPEG file all but the entropy-coded data. For that,
the receiver has to be told which of the qualities was chosen where the header that held it is gone, and the size of a
picture that was made smaller before; both are charged as whole bits.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from jscc.jpeg import scan_start

__all__ = ["FORMATS", "QUALITIES", "OperatingPoints", "fewest_bits", "operating_points", "payload_bits"]

FORMATS = ("webp", "jpeg")
QUALITIES = (0, 1, 2, 4, 7, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95)

_CONTAINER, _CHUNK, _FRAME = 12, 8, 10  # bytes of headers of a WebP file: RIFF, VP8 chunk, key frame


@dataclass(frozen=True)
class OperatingPoints:
    """What each picture costs at each quality and size.

    Attributes
    ----------
    bits : ndarray of int64, shape (N, P)
    mse : ndarray of float64, shape (N, P)
        Mean squared error, of colours from 0 to 1.
    quality, size : ndarray of int64, shape (P,)
    """

    bits: np.ndarray
    mse: np.ndarray
    quality: np.ndarray
    size: np.ndarray

    def of_size(self, size: int) -> OperatingPoints:
        """Those of one size alone."""
        chosen = self.size == size
        return OperatingPoints(self.bits[:, chosen], self.mse[:, chosen], self.quality[chosen], self.size[chosen])


def payload_bits(content: bytes) -> int:
    """Bits of a lossy WebP or a JPEG file without its headers.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8 ":
        length = int.from_bytes(content[16:20], "little")  # without the byte that makes a chunk even
        return 8 * (length - _FRAME)
    if content[:2] == b"\xff\xd8" and content[-2:] == b"\xff\xd9":
        return 8 * (len(content) - scan_start(content) - 2)
    raise ValueError(f"a file that begins with {content[:16]!r} given, a simple lossy WebP or a JPEG file is expected")


def operating_points(
    images: np.ndarray, format: str, sizes: tuple[int, ...] = (), qualities: tuple[int, ...] = QUALITIES
) -> OperatingPoints:
    """Write each picture at each quality, in full and made smaller first.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, side, side, 3)
    format : {"webp", "jpeg"}
    sizes : tuple of int
        Sides, in pixels, to which the picture is averaged before; what is read is enlarged by bicubic splines. Where
        there are none, the picture's own side.
    qualities : tuple of int
        0 to 95. (Pillow takes 0 for the least a JPEG file can have, too.)

    Returns
    -------
    OperatingPoints

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = operating_points(rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8), "webp", (16, 32), (0, 50))
    >>> points.bits.shape, points.size.tolist()
    ((2, 4), [16, 16, 32, 32])
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3:
        raise ValueError(f"images {images.dtype} {images.shape} given, uint8 of shape (N, side, side, 3) is expected")
    if format not in FORMATS:
        raise ValueError(f"format={format!r} given, one of {', '.join(FORMATS)} is expected")
    side = images.shape[1]
    sizes = sizes or (side,)
    told = _choices(len(sizes)) + (_choices(len(qualities)) if format == "jpeg" else 0)
    grid = [(size, quality) for size in sizes for quality in qualities]
    bits = np.empty((len(images), len(grid)), np.int64)
    mse = np.empty((len(images), len(grid)))
    for row, image in enumerate(images):
        for place, (size, quality) in enumerate(grid):
            content, read = _through_file(image, format, size, quality)
            bits[row, place] = payload_bits(content) + told
            mse[row, place] = ((read.astype(np.float64) - image) ** 2).mean() / 255**2
    size, quality = np.array(grid).T
    return OperatingPoints(bits, mse, quality, size)


def fewest_bits(points: OperatingPoints, target: np.ndarray | float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The fewest bits at which each picture is no worse than its target.

    Parameters
    ----------
    points : OperatingPoints
    target : array_like of float, broadcast to (N,)
        Mean squared error.

    Returns
    -------
    bits : ndarray of int64, shape (N,)
        Those of the least distortion where none reaches the target.
    reached : ndarray of bool, shape (N,)
    floor : ndarray of bool, shape (N,)
        Whether the target is so mild that the fewest bits of all do: the number no longer hangs on it.

    Examples
    --------
    >>> points = OperatingPoints(np.array([[10, 20, 30]]), np.array([[0.3, 0.2, 0.1]]), np.arange(3), np.ones(3, int))
    >>> [fewest_bits(points, target)[0].item() for target in (0.5, 0.25, 0.01)]
    [10, 20, 30]
    """
    fits = points.mse <= np.broadcast_to(np.asarray(target, float), points.mse.shape[:1])[:, None]
    reached = fits.any(axis=1)
    best = np.take_along_axis(points.bits, points.mse.argmin(axis=1)[:, None], axis=1)[:, 0]
    bits = np.where(reached, np.where(fits, points.bits, np.iinfo(np.int64).max).min(axis=1), best)
    return bits, reached, reached & (bits == points.bits.min(axis=1))


def _through_file(image: np.ndarray, format: str, size: int, quality: int) -> tuple[bytes, np.ndarray]:
    """A file and the picture that is read from it, at the picture's own size."""
    from PIL import Image

    picture = Image.fromarray(image)
    if size != len(image):
        picture = picture.resize((size, size), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, format.upper(), quality=quality)
    read = Image.open(file).convert("RGB")
    if size != len(image):
        read = read.resize((len(image), len(image)), Image.Resampling.BICUBIC)
    return file.getvalue(), np.asarray(read)


def _choices(count: int) -> int:
    """Whole bits that tell one of so many."""
    return (count - 1).bit_length()
