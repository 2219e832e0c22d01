"""Polar codes: the transform, its frozen set, and quantisation by successive cancellation."""
