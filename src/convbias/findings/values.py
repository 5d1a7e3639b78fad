"""Values of an experiment's runs, by condition and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convbias.findings.evaluation import is_measured, score
from convbias.findings.results import ConditionRun, Results
from convbias.spec.quantities import Quantity


def by_seed(results: Results, condition: str, name: str) -> dict[int, float]:
    """A measured value of all finished runs of a condition.

    Args:
        results: the stored runs of an experiment.
        condition: the condition's name.
        name: the value's name.

    Returns:
        Seed to value.
    """
    return {
        run.seed: run.measures[name]
        for run in results.runs
        if run.condition == condition and run.status == "finished" and name in run.measures
    }


def scores_by_seed(results: Results, condition: str, quantity: Quantity) -> dict[int, float]:
    """A quantity of all finished runs of a condition, in the stored unit.

    Args:
        results: the stored runs of an experiment.
        condition: the condition's name.
        quantity: Which score; runs without it are left out.
    """
    return {
        run.seed: score(run, quantity)
        for run in results.runs
        if run.condition == condition and run.status == "finished" and is_measured(run, quantity)
    }


def measured(runs: Sequence[ConditionRun], name: str, condition: str | None = None) -> list[float]:
    """A measure's values, one per run that has it.

    Args:
        runs: Finished runs.
        name: the value's name.
        condition: only the runs of this condition; all when absent.
    """
    return [
        run.measures[name]
        for run in runs
        if name in run.measures and condition in (None, run.condition)
    ]


def minus(treatment: Mapping[int, float], baseline: Mapping[int, float]) -> list[float]:
    """Differences between two conditions over the seeds that both have."""
    return [treatment[seed] - baseline[seed] for seed in treatment if seed in baseline]
