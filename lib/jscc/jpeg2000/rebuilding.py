"""An image of which some code-blocks have other bytes: only those are decoded again, then one inverse wavelet."""

from __future__ import annotations

from dataclasses import replace

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
    _undo_ict,
)
from jscc.jpeg2000.layers import with_layers
from jscc.jpeg2000.wavelet import STANDARD, Lifting, inverse_transform, resolutions

__all__ = ["ColourRebuilder", "LayerRebuilder", "Rebuilder"]


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


class _Plane(Rebuilder):
    """A rebuilder that stops at a component's samples, and may take a block's first layers in place of zeros.

    Parameters
    ----------
    codestream, numbers, lifting
        See `Rebuilder`.
    fewer : Codestream, optional
        The same codestream up to a layer (`with_layers`): what a block has there is what is left of it.
    """

    def __init__(self, codestream: Codestream, numbers, lifting: Lifting, fewer: Codestream | None = None):
        super().__init__(codestream, numbers, lifting)
        self._fewer = None
        if fewer is not None:
            self._fewer = Rebuilder(fewer, [], lifting)
            self._fewer._data = self._data  # what comes in is seen by both
        self._whole = self._inverse(self._bands)

    def samples(self, content: np.ndarray, given_up: np.ndarray) -> np.ndarray:
        """Samples around zero (float32, new) of a component with these bytes, without the blocks that are given up."""
        wrong = content != self.content
        changed = np.zeros(len(self.numbers), bool)
        changed[self._block_of[wrong]] = True
        if not (changed | given_up).any():
            return self._whole.copy()
        bands = self._bands.copy()
        self._data[self.offsets[wrong]] = content[wrong]
        self._decode(self.codestream.blocks[self.numbers[changed & ~given_up]], bands)
        for number in self.numbers[given_up]:
            bands[self._region(number)] = 0
        if self._fewer is not None:
            self._fewer._decode(self._fewer.codestream.blocks[self.numbers[given_up]], bands)
        self._data[self.offsets[wrong]] = self.content[wrong]
        return self._inverse(bands)

    def _inverse(self, bands: np.ndarray) -> np.ndarray:
        at = self.component
        return inverse_transform(bands, at.x0, at.y0, at.levels, lifting=self.lifting)


class LayerRebuilder:
    """Rebuilds a grey image, of which blocks that are given up are decoded up to a quality layer.

    Parameters
    ----------
    codestream, numbers, lifting
        See `Rebuilder`.
    layers : int
        How many layers of a block that is given up are decoded, as they came in.

    Raises
    ------
    ValueError
        As `Rebuilder` and `with_layers`.
    """

    def __init__(self, codestream: Codestream, numbers, layers: int, lifting: Lifting = STANDARD):
        self._plane = _Plane(codestream, numbers, lifting, with_layers(codestream, layers))
        self.codestream, self.content, self.numbers = codestream, self._plane.content, self._plane.numbers

    def image(self, content, given_up=None) -> np.ndarray:
        """The image with these bytes: ndarray of uint8, shape (height, width); see `Rebuilder.image`."""
        samples = self._plane.samples(*_checked(self, content, given_up))
        return _to_bytes(samples)


class ColourRebuilder:
    """Rebuilds a picture in colours from its codestream with other bytes in some code-blocks.

    Parameters
    ----------
    codestream : Codestream
        Of one tile and three unsigned components of 8 bits, by the 9-7 and the irreversible component transform.
    numbers : sequence of int
        Rows of `Codestream.blocks` whose bytes may be others.
    lifting : Lifting

    Attributes
    ----------
    components : ndarray of int64, shape (blocks,)
        Which component each block is of: 0 luma, 1 and 2 chroma.

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
    >>> picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    >>> settings = {"no_jp2": True, "irreversible": True, "num_resolutions": 2, "mct": 1}
    >>> Image.fromarray(picture).save(file, "JPEG2000", **settings)
    >>> codestream = parse(file.getvalue())
    >>> rebuilder = ColourRebuilder(codestream, range(12))
    >>> other = rebuilder.content.copy()
    >>> other[:9] ^= 1
    >>> changed = rebuilder.image(other)
    >>> bool((changed == decode_image(codestream.with_bytes(range(12), other.tobytes()))).all())
    True
    """

    def __init__(self, codestream: Codestream, numbers, lifting: Lifting = STANDARD):
        if len(codestream.tiles) != 1 or len(codestream.components) != 3 or not codestream.tiles[0].multi_component:
            raise ValueError(f"{codestream!r} given, one tile of three components that are transformed is expected")
        self.codestream, self.numbers = codestream, np.asarray(numbers, np.int64)
        owners = codestream.subbands["component"][codestream.blocks["subband"]]
        self.components = owners[self.numbers]
        self.content = np.frombuffer(codestream.bytes_of(self.numbers), np.uint8)
        lengths = [len(codestream.offsets_of(number)) for number in self.numbers]
        self._component_of_byte = np.repeat(self.components, lengths)
        places = np.cumsum(owners[:, None] == np.arange(3), axis=0) - 1  # of a block among those of its component
        self._planes = [
            _Plane(_alone(codestream, k, owners == k), places[self.numbers[self.components == k], k], lifting)
            for k in range(3)
        ]

    def image(self, content, zeroed=None) -> np.ndarray:
        """The picture with these bytes: ndarray of uint8, shape (height, width, 3); see `Rebuilder.image`."""
        content, zeroed = _checked(self, content, zeroed)
        samples = [
            plane.samples(content[self._component_of_byte == k], zeroed[self.components == k])
            for k, plane in enumerate(self._planes)
        ]
        _undo_ict(*samples)
        return np.stack([_to_bytes(part) for part in samples], axis=2)


def _alone(codestream: Codestream, number: int, own: np.ndarray) -> Codestream:
    """The codestream as if it had but one of its components; its data stay."""
    tile, only = codestream.tiles[0], slice(number, number + 1)
    tile = replace(tile, components=tile.components[only], multi_component=False)
    return replace(codestream, components=codestream.components[only], tiles=(tile,), blocks=codestream.blocks[own])


def _checked(rebuilder, content, given_up) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (uint8) and blocks given up (bool) of the shapes that a rebuilder expects."""
    content = np.asarray(content, np.uint8)
    blocks = rebuilder.numbers.shape
    given_up = np.zeros(blocks, bool) if given_up is None else np.asarray(given_up, bool)
    if content.shape != rebuilder.content.shape or given_up.shape != blocks:
        raise ValueError(
            f"content of shape {content.shape}, blocks of shape {given_up.shape} given, {rebuilder.content.shape} and "
            f"{blocks} are expected"
        )
    return content, given_up


def _to_bytes(samples: np.ndarray) -> np.ndarray:
    """Samples around zero to 8 bits."""
    out = np.empty(samples.shape, np.int32)
    _finish_floats(samples, 128, 128, out)
    return out.astype(np.uint8)


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
