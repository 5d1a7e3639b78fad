"""Locality: what is left of convolution's advantage when neighbours are torn apart."""
