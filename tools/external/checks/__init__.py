"""The checks: each module is one, found by its name, and has a `CHECK`."""
