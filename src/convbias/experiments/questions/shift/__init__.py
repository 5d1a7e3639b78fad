"""Shift: who notices when the garment moves, and after which layer."""
