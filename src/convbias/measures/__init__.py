"""Trained networks and images in, named numbers out; one module per measure."""
