"""What came out of each experiment: statements, controls and figures, one file per experiment."""

from __future__ import annotations

from importlib import import_module

from convbias.outcomes.base import Outcome
from convbias.results import Results

__all__ = ["Outcome", "outcome_of"]


def outcome_of(results: Results) -> Outcome:
    """Work out what came out of an experiment.

    Args:
        results: What is stored of it; at least one run is finished.
    """
    name = results.experiment.name.replace("-", "_")
    return import_module(f"convbias.outcomes.{name}").outcome(results)
