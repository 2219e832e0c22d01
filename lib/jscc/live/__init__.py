"""The library's kernels in the reader's browser: which they are, how they are compiled, the controls that run them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "figure": ["LiveFigure"],
        "controls": ["drawn_digit", "packet_channel", "planes_and_syndromes", "reinforced_word"],
        "kernels": ["KERNELS", "STORES"],
        "wasm": ["NoLinkerError", "build", "linker", "live_kernel"],
    },
)
