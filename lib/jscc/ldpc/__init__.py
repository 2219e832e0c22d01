"""Binary low-density parity-check codes: syndromes and belief propagation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "belief_propagation": ["BeliefPropagation"],
        "syndrome": ["syndromes"],
    },
)
