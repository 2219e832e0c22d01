"""Convolutional codes: encoders and trellis searches."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "viterbi": ["ConvolutionalCode", "MAXIMUM_FREE_DISTANCE", "code_of_rate"],
    },
)
