"""Code-blocks over a noisy channel, and the iterative receiver that uses what they know (paper 3, section 5).

The bytes of each code-block are a *segment* of the MQ coder. Packet headers are taken to arrive whole, as in the paper,
so that the receiver knows each segment's length, its passes and its place. Decoders of segments try words and judge
them by tier 1; `ImageLink` puts a few code-blocks to a frame behind a convolutional code, sends them, and decodes in
turns.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "blocks": ["CodeBlock", "SegmentResult", "coded_blocks"],
        "chase": ["SegmentDecoder"],
        "guessing": ["GuessedSegments", "SegmentGuesser", "segment_density"],
        "link": ["ImageLink", "Received"],
        "unequal": ["UnequalLink"],
    },
)
