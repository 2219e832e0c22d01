"""JPEG 2000 (ISO/IEC 15444-1): where a codestream keeps the bytes of every code-block."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "codestream": ["Codestream", "Tile", "TileComponent", "parse"],
        "mutation": ["mutate"],
        "markers": ["CodestreamError", "Limits"],
        "tier1": ["DecodedBlock", "Outline", "decode_block"],
    },
)
