"""What a WebP file says of itself before its first block: settings that are coded arithmetically with the picture.

A lossy WebP file is a key frame of VP8 (RFC 6386). Behind the bytes that one takes for its header comes another, which
the arithmetic decoder has to read (section 9.2 to 9.11): segments with a quantiser and a filter each, the loop filter,
partitions, quantisers. For a picture of a thousand pixels that is much.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FrameSettings", "frame_settings"]

_FIRST_PARTITION = 30  # bytes: RIFF, chunk and frame header lie before it
_HALF = 128  # of 256: probability of a 0 that is coded as a plain bit


@dataclass(frozen=True)
class FrameSettings:
    """Settings of a frame.

    Attributes
    ----------
    bits : int
        What they take, the flags of changed probabilities (section 13.4) not counted.
    segments : tuple of int
        Quantiser index of each segment, 0 to 127; empty where the frame has none.
    quantiser : int
        That of the frame.
    """

    bits: int
    segments: tuple[int, ...]
    quantiser: int


class _Bits:
    """Plain bits of an arithmetic code with probabilities in 256ths (section 7)."""

    def __init__(self, content: bytes):
        self.content, self.place, self.used = content, 2, 0
        self.value, self.range, self.shifts = int.from_bytes(content[:2], "big"), 255, 0

    def flag(self) -> int:
        """One bit, 0 and 1 alike."""
        split = 1 + ((self.range - 1) * _HALF >> 8)
        bit = int(self.value >= split << 8)
        if bit:
            self.value -= split << 8
        self.range = self.range - split if bit else split
        while self.range < 128:
            self.value, self.range, self.shifts = self.value << 1, self.range << 1, self.shifts + 1
            if self.shifts == 8:
                self.value |= self.content[self.place] if self.place < len(self.content) else 0
                self.place, self.shifts = self.place + 1, 0
        self.used += 1
        return bit

    def number(self, width: int) -> int:
        """A number of so many bits, the highest first."""
        found = 0
        for _ in range(width):
            found = 2 * found + self.flag()
        return found

    def optional(self, width: int, *, signed: bool = True) -> int:
        """A number behind a flag that says whether it is there; 0 where it is not."""
        if not self.flag():
            return 0
        found = self.number(width)
        return -found if signed and self.flag() else found


def frame_settings(content: bytes) -> FrameSettings:
    """Read the settings of a simple lossy WebP file.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    FrameSettings

    Raises
    ------
    ValueError
        If it is another file.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("L", (16, 16), 128).save(file, "webp", quality=0)
    >>> frame_settings(file.getvalue()).quantiser
    127
    """
    if content[:4] != b"RIFF" or content[8:16] != b"WEBPVP8 ":
        raise ValueError(f"a file that begins with {content[:16]!r} given, a simple lossy WebP file is expected")
    read = _Bits(content[_FIRST_PARTITION:])
    read.number(2)  # colour space, clamping
    segments: tuple[int, ...] = ()
    if read.flag():
        has_map, has_values = read.flag(), read.flag()
        if has_values:
            read.flag()  # absolute or not
            segments = tuple(read.optional(7) for _ in range(4))
            _ = [read.optional(6) for _ in range(4)]  # strengths of the filter
        if has_map:
            _ = [read.optional(8, signed=False) for _ in range(3)]  # probabilities of the segments
    read.number(10)  # filter: kind, strength, sharpness
    if read.flag() and read.flag():
        _ = [read.optional(6) for _ in range(8)]  # changes of strength by reference and mode
    read.number(2)  # partitions
    quantiser = read.number(7)
    _ = [read.optional(4) for _ in range(5)]  # differences for the kinds of coefficients
    read.flag()  # whether probabilities are kept for the next frame
    return FrameSettings(read.used, segments, quantiser)
