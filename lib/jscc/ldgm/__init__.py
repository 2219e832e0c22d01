"""Codes with a sparse generator matrix, and their use as quantisers by belief propagation and decimation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "code": ["LdgmCode", "right_regular"],
        "decimation": ["BiasPropagation"],
    },
)
