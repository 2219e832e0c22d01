"""Convolutional codes: encoders and trellis searches."""
