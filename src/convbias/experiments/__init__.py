"""Profiles in, arms to train out; stored results in, statements and figures out.

Every folder of `convbias.experiments.questions` is an experiment and is found by its name.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from convbias.experiments import questions
from convbias.spec.experiment import Experiment

if TYPE_CHECKING:  # what draws figures is loaded only where an outcome is worked out
    from convbias.experiments.outcome import Outcome
    from convbias.findings.results import Results

__all__ = ["EXPERIMENTS", "ORIGINAL", "outcome_of"]


def _found() -> dict[str, Experiment]:
    folders = sorted(each.name for each in iter_modules(questions.__path__))
    modules = [import_module(f"{questions.__name__}.{folder}.question") for folder in folders]
    return {module.EXPERIMENT.name: module.EXPERIMENT for module in modules}


EXPERIMENTS: dict[str, Experiment] = _found()

ORIGINAL = EXPERIMENTS["original"]


def outcome_of(results: Results) -> Outcome:
    """Work out what came out of an experiment.

    Args:
        results: What is stored of it; at least one run is finished.
    """
    folder = results.experiment.name.replace("-", "_")
    return import_module(f"{questions.__name__}.{folder}.outcome").outcome(results)
