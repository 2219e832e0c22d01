"""Binary low-density parity-check codes: syndromes and belief propagation."""
