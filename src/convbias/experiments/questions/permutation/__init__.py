"""Locality: what remains of convolution's advantage when pixels are shuffled."""
