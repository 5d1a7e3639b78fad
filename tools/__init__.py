"""Pages, notebook and published results, made from stored runs: `python -m tools.NAME`."""
