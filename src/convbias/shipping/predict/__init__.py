"""Prediction clients; only the modules that a client needs are imported."""
