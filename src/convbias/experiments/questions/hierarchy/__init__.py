"""Hierarchy: what the first filters are, and what each layer adds."""
