"""The original study's comparison: dense baseline against CNN, and the sweep of kernel size."""
