"""Paper 1: classifying images from the syndromes of their bit-planes."""
