"""Sparse codes over GF(q) as lossy compressors: reinforced belief propagation and leaf removal (paper 2)."""
