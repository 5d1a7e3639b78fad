"""Profiles in, arms to train out; stored results in, statements and figures out.

Every folder of `convbias.experiments.questions`, and of `convbias.experiments.beyond` for other
data than images, is an experiment and is found by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from convbias.experiments import beyond, questions
from convbias.spec.experiment import Experiment

if TYPE_CHECKING:  # what draws figures is loaded only where an outcome is worked out
    from convbias.experiments.outcome import Outcome
    from convbias.findings.results import Results
    from convbias.findings.statement import Statement
    from convbias.statistics import Contrast

__all__ = ["EXPERIMENTS", "ORIGINAL", "headlines_of", "outcome_of"]


def _found() -> dict[str, Experiment]:
    modules = [
        import_module(f"{room.__name__}.{folder}.question")
        for room in (questions, beyond)
        for folder in sorted(each.name for each in iter_modules(room.__path__))
    ]
    return {module.EXPERIMENT.name: module.EXPERIMENT for module in modules}


EXPERIMENTS: dict[str, Experiment] = _found()

ORIGINAL = EXPERIMENTS["original"]


def outcome_of(results: Results) -> Outcome:
    """Work out what came out of an experiment, its positive control included.

    Args:
        results: What is stored of it; at least one run is finished.
    """
    found: Outcome = import_module(f"{_folder(results)}.outcome").outcome(results)
    control = results.experiment.positive_control
    if control is None:
        return found
    from convbias.experiments.positive_control import positive_control

    return replace(found, controls=(*found.controls, positive_control(results, control)))


def headlines_of(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """What each figure of an experiment shows, in one short sentence with a verdict.

    Args:
        results: What is stored of the experiment; at least one run is finished.
        contrasts: Name to planned contrast, evaluated; those without runs are left out.
        outcome: What came out, from `outcome_of`.

    Returns:
        Name of a figure to its finding, in the figures' order.
    """
    module = import_module(f"{_folder(results)}.headlines")
    found: dict[str, Statement] = module.headlines(results, contrasts, outcome)
    name = results.experiment.name
    return {
        figure.name: found[key]
        for figure in outcome.figures
        if (key := figure.name.removeprefix(f"{name}-")) in found
    }


def _folder(results: Results) -> str:
    room = questions if results.experiment.on_images else beyond
    return f"{room.__name__}.{results.experiment.name.replace('-', '_')}"
