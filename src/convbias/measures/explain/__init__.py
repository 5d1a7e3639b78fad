"""Explain a trained network's decision on one image."""
