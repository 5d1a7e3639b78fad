"""The architecture's choices, one at a time."""
