"""Convolutional codes: encoders, trellis searches, and soft decoders."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bcjr": ["BCJRDecoder"],
        "code": ["ConvolutionalCode", "MAXIMUM_FREE_DISTANCE", "code_of_rate"],
        "viterbi": ["ViterbiDecoder"],
    },
)
