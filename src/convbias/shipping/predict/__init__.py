"""Asking an archive, wherever it is served; nothing is imported that only another place needs."""
