"""Position: whether a network with a global average still uses the position of an object."""
