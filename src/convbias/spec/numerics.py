"""The version of everything in the code that a run's numbers depend on."""

NUMERICS_VERSION = 1
"""Part of every arm's hash, so that raising it gives all runs new names.

Raise it with every change after which the same arm and seed would give other numbers: random
streams, how images are made or split, a network's layers, initial weights or dropout, a loss, an
optimiser or one of its constants. Do not raise it for what rounds differently, such as another
device, another library version or another order of a sum. `tests/networks/test_numerics.py` notices
when most of these change; it stores a fingerprint for each version.
"""
