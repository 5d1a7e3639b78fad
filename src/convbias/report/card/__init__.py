"""The model card of a trained network: evaluation, intended use and limitations."""
