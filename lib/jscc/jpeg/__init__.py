"""The parts of baseline JPEG that the papers use: transform, quantisation, entropy coding."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["dct"],
    submod_attrs={
        "dct": ["luminance_table"],
        "entropy": ["HuffmanCode", "jpeg_scans", "scan_start", "symbol_counts"],
    },
)
