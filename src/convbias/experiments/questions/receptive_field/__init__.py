"""The effective receptive field: how much of its theoretical field a unit uses."""
