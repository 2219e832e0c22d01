"""Sparse codes over GF(q) as lossy compressors: reinforced belief propagation and leaf removal (paper 2)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "compressor": ["Compressor", "ContainerError", "NotConverged", "Report", "decompress"],
        "construction": ["GFqCode", "bits_from_symbols", "symbols_from_bits", "ultra_sparse"],
        "enumerator": ["WeightEnumerator", "weight_enumerator"],
        "fields": ["Field", "field"],
        "leaves": ["LeafRemoval", "leaf_removal"],
        "reinforced_bp": ["Encoding", "FixedPoint", "ReinforcedBP", "Trace", "fixed_point"],
    },
)
