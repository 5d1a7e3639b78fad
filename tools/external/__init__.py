"""Findings of the literature, measured again; one module per check in `checks/`."""
