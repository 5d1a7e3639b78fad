"""Data efficiency: both networks on nested subsets, with the same number of steps."""
