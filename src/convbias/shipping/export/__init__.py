"""Export a stored network to files that other programs can run, and pack them as an archive."""
