"""Profiles in, arms to train out; stored results in, statements and figures out.

Every folder of `convbias.experiments.questions`, and of `convbias.experiments.beyond` for other
data than images, is an experiment and is found by its name. Those on images adapt to a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from convbias.errors import InputError, did_you_mean
from convbias.experiments import beyond, questions
from convbias.spec.datasets import DatasetDescription, DatasetName, description_of, is_own
from convbias.spec.experiment import Experiment, UnsuitableError

if TYPE_CHECKING:  # what draws figures is loaded only where an outcome is worked out
    from convbias.experiments.outcome import Outcome
    from convbias.findings.results import Results
    from convbias.findings.statement import Statement
    from convbias.statistics import Contrast

__all__ = [
    "EXPERIMENTS",
    "ORIGINAL",
    "check_experiment",
    "experiment_of",
    "headlines_of",
    "outcome_of",
]


def _found() -> dict[str, Experiment]:
    folders = {
        room: sorted(each.name for each in iter_modules(room.__path__))
        for room in (questions, beyond)
    }
    described = description_of("fashion-mnist")
    found = [
        *(_adapted(folder, described) for folder in folders[questions]),
        *(
            import_module(f"{beyond.__name__}.{folder}.question").EXPERIMENT
            for folder in folders[beyond]
        ),
    ]
    return {experiment.name: experiment for experiment in found}


def _adapted(folder: str, described: DatasetDescription) -> Experiment:
    return _built(import_module(f"{questions.__name__}.{folder}.question").experiment, described)


@lru_cache(maxsize=256)  # matching networks searches for their filters
def _built(
    experiment: Callable[[DatasetDescription], Experiment], described: DatasetDescription
) -> Experiment:
    return experiment(described)


# On Fashion-MNIST.
EXPERIMENTS: dict[str, Experiment] = _found()

ORIGINAL = EXPERIMENTS["original"]


def check_experiment(name: str) -> None:
    """Check that there is an experiment of a name.

    Raises:
        InputError: There is none.
    """
    if name not in EXPERIMENTS:
        raise InputError(
            f"there is no experiment {name!r}",
            f"one of {', '.join(EXPERIMENTS)}",
            did_you_mean(name, EXPERIMENTS),
        )


def experiment_of(name: str, dataset: DatasetName) -> Experiment:
    """An experiment, adapted to a data set.

    Args:
        name: The experiment's name.
        dataset: The images; experiments on other data are the same with all built-in ones.

    Raises:
        InputError: There is no such experiment or data set.
        UnsuitableError: The data set lacks what the experiment needs, or is a person's own and the
            experiment not about images.

    Example:
        >>> len(experiment_of("permutation", "fashion-mnist").conditions)
        12
    """
    check_experiment(name)
    if EXPERIMENTS[name].on_images:
        return _adapted(name.replace("-", "_"), description_of(dataset))
    if is_own(dataset):
        raise UnsuitableError(
            "it is about other data than these images",
            "an experiment on images",
            f"run it without them: convbias experiment {name}",
        )
    return EXPERIMENTS[name]


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
