"""Polar codes: the transform, its frozen set, and quantisation by successive cancellation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "code": ["PolarCode", "bhattacharyya", "transform"],
    },
)
