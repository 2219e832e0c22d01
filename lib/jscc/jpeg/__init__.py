"""The parts of baseline JPEG that the papers use: transform, quantisation, entropy coding."""
