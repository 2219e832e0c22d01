"""JPEG 2000 (ISO/IEC 15444-1): where a codestream keeps the bytes of every code-block, and its decoder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "codestream": ["Codestream", "Tile", "TileComponent", "parse"],
        "decoder": ["decode", "decode_image"],
        "encoder": ["encode_block"],
        "layers": ["layer_lengths", "with_layers"],
        "markers": ["CodestreamError", "Limits"],
        "mutation": ["mutate"],
        "recoding": ["recoded"],
        "tier1": ["DecodedBlock", "Outline", "decode_block"],
        "wavelet": ["OPENJPEG", "STANDARD", "Lifting", "inverse_transform"],
    },
)
