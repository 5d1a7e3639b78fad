"""Locality, sharing, averaging: from the dense network to the CNN one step at a time."""
