"""Arithmetic codes, and soft decoders that find the codeword among many candidates."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chase": ["ChaseDecoder"],
        "checks": ["CyclicCheck", "ParityCheck", "RecursiveCheck", "with_parity"],
        "coder": ["ArithmeticCode", "DecodedSymbols"],
        "guessing": [
            "Density",
            "GuessingDecoder",
            "GuessingResult",
            "measure_density",
            "neighbour_density",
            "patterns",
        ],
        "machine": ["BitMachine"],
        "packets": ["PacketResult"],
        "ranges": ["RangeCode"],
        "trellis": ["TrellisDecoder", "TrellisPaths", "TrellisResult"],
    },
)
