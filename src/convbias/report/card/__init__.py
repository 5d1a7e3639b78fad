"""The model card of a trained network: what it can do, how sure that is, and what it cannot."""
