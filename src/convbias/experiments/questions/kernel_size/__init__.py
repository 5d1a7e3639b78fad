"""Kernel size on its own: at equal width, parameters, multiply-adds or field of view."""
