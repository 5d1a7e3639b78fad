"""From a stored network to files that other programs run."""
