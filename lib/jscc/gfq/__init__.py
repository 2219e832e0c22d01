"""Sparse codes over GF(q) as lossy compressors: reinforced belief propagation and leaf removal (paper 2)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_transform": ["walsh_hadamard"],
        "code": ["GFqCode", "bits_from_symbols", "read_alist", "symbols_from_bits", "write_alist"],
        "compressor": ["Compressor", "ContainerError", "NotConverged", "Report", "compressor_for", "decompress"],
        "construction": ["growth_steps", "grown", "ultra_sparse"],
        "enumerator": ["WeightEnumerator", "weight_enumerator"],
        "fields": ["Field", "field"],
        "leaves": ["LeafRemoval", "leaf_removal"],
        "nearest": ["least_distance"],
        "reinforced_bp": ["FixedPoint", "Quantised", "ReinforcedBP", "Trace", "fixed_point"],
        "trial": ["Trial"],
    },
)
