"""An image of which some code-blocks have other bytes: only those are decoded again, then one inverse wavelet."""

from __future__ import annotations

import numpy as np

from jscc.jpeg2000.codestream import Codestream
from jscc.jpeg2000.decoder import (
    COLUMNS,
    ORIENTATION,
    PLANES,
    X_SHIFT,
    Y_SHIFT,
    _Blocks,
    _decode_blocks,
    _finish_floats,
)
from jscc.jpeg2000.wavelet import STANDARD, Lifting, inverse_transform, resolutions

__all__ = ["Rebuilder"]


class Rebuilder:
    """Rebuilds a grey image from its codestream with other bytes in some code-blocks.

    Parameters
    ----------
    codestream : Codestream
        Of one tile and one unsigned component of 8 bits, by the 9-7 transform.
    numbers : sequence of int
        Rows of `Codestream.blocks` whose bytes may be others.
    lifting : Lifting

    Raises
    ------
    ValueError
        If the codestream is another.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import decode_image, parse
    >>> file = io.BytesIO()
    >>> picture = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    >>> Image.fromarray(picture).save(file, "JPEG2000", no_jp2=True, irreversible=True, num_resolutions=2)
    >>> codestream = parse(file.getvalue())
    >>> rebuilder = Rebuilder(codestream, range(4))
    >>> other = rebuilder.content.copy()
    >>> other[:9] ^= 1
    >>> changed = rebuilder.image(other)
    >>> bool((changed == decode_image(codestream.with_bytes(range(4), other.tobytes()))).all())
    True
    """

    def __init__(self, codestream: Codestream, numbers, lifting: Lifting = STANDARD):
        if len(codestream.tiles) != 1 or len(codestream.components) != 1:
            raise ValueError(f"{codestream!r} given, one tile of one component is expected")
        component, header = codestream.tiles[0].components[0], codestream.components[0]
        if component.reversible or component.roi_shift or header.signed or header.precision != 8:
            raise ValueError("another kind of component given, unsigned 8 bits by the 9-7 transform are expected")
        self.codestream, self.component, self.lifting = codestream, component, lifting
        self.numbers = np.asarray(numbers, np.int64)
        self.offsets = codestream.offsets_of(self.numbers)
        self._data = np.frombuffer(codestream.data, np.uint8).copy()
        self.content = self._data[self.offsets]
        lengths = [len(codestream.offsets_of(number)) for number in self.numbers]
        self._block_of = np.repeat(np.arange(len(self.numbers)), lengths)
        self._table, self._steps = _subbands(codestream, component)
        self._decoder = _Blocks(codestream).decoder
        shape = component.y1 - component.y0, component.x1 - component.x0
        self._bands = np.zeros(shape, np.float32)
        self._decode(codestream.blocks, self._bands)

    def image(self, content, zeroed=None) -> np.ndarray:
        """The image with these bytes.

        Parameters
        ----------
        content : ndarray of uint8, shape (bytes,)
            Of all blocks that may change, one behind the other.
        zeroed : array_like of bool, shape (blocks,), optional
            Blocks whose coefficients are put to zero instead.

        Returns
        -------
        ndarray of uint8, shape (height, width)

        Raises
        ------
        ValueError
            If a shape is another.
        """
        content = np.asarray(content, np.uint8)
        if content.shape != self.content.shape:
            raise ValueError(f"content of shape {content.shape} given, {self.content.shape} is expected")
        zeroed = np.zeros(len(self.numbers), bool) if zeroed is None else np.asarray(zeroed, bool)
        if zeroed.shape != self.numbers.shape:
            raise ValueError(f"zeroed of shape {zeroed.shape} given, {self.numbers.shape} is expected")
        wrong = content != self.content
        changed = np.zeros(len(self.numbers), bool)
        changed[self._block_of[wrong]] = True
        bands = self._bands.copy()
        self._data[self.offsets[wrong]] = content[wrong]
        self._decode(self.codestream.blocks[self.numbers[changed & ~zeroed]], bands)
        self._data[self.offsets[wrong]] = self.content[wrong]
        for number in self.numbers[zeroed]:
            bands[self._region(number)] = 0
        component = self.component
        samples = inverse_transform(bands, component.x0, component.y0, component.levels, lifting=self.lifting)
        out = np.empty(samples.shape, np.int32)
        _finish_floats(samples, 128, 128, out)
        return out.astype(np.uint8)

    def _region(self, number: int) -> tuple[slice, slice]:
        """Where a block lies in the array of all subbands."""
        row = self.codestream.blocks[number]
        shifts = self._table[row["subband"] - self.component.subbands.start]
        x, y = shifts[X_SHIFT], shifts[Y_SHIFT]
        return slice(row["y0"] + y, row["y1"] + y), slice(row["x0"] + x, row["x1"] + x)

    def _decode(self, rows: np.ndarray, bands: np.ndarray) -> None:
        _decode_blocks(
            self._data,
            rows,
            self.codestream.segments,
            self.codestream.chunks,
            self.component.subbands.start,
            self._table,
            self._steps,
            self.component.style,
            0,
            False,
            self._decoder,
            bands.view(np.int32),
            bands,
        )


def _subbands(codestream: Codestream, component) -> tuple[np.ndarray, np.ndarray]:
    """Where each subband lies in the array of all, its bit-planes, and half its step (equation E-3)."""
    rows = codestream.subbands[component.subbands]
    corners = resolutions(component.x0, component.y0, component.x1, component.y1, component.levels)
    table, steps = np.zeros((len(rows), COLUMNS), np.int64), np.zeros(len(rows), np.float32)
    for k, row in enumerate(rows):
        orientation = int(row["orientation"])
        low = corners[max((k - 1) // 3, 0)]
        table[k, X_SHIFT] = (low[2] - low[0] if orientation & 1 else 0) - row["x0"]
        table[k, Y_SHIFT] = (low[3] - low[1] if orientation & 2 else 0) - row["y0"]
        table[k, ORIENTATION], table[k, PLANES] = orientation, row["magnitude_bits"]
        nominal = 2.0 ** (codestream.components[0].precision + (0, 1, 1, 2)[orientation] - int(row["exponent"]))
        steps[k] = nominal * (1 + int(row["mantissa"]) / 2048) / 2
    return table, steps
