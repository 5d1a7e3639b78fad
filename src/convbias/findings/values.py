"""Values of an experiment's runs, by condition and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convbias.findings.evaluation import is_measured, score
from convbias.findings.results import ConditionRun, Results
from convbias.spec.quantities import Quantity


def by_seed(results: Results, condition: str, name: str) -> dict[int, float]:
    """A measured value of every finished run of a condition that has it.

    Args:
        results: Of an experiment.
        condition: Its name.
        name: Of the value.

    Returns:
        Seed to value.
    """
    return {
        run.seed: run.measures[name]
        for run in results.runs
        if run.condition == condition and run.status == "finished" and name in run.measures
    }


def scores_by_seed(results: Results, condition: str, quantity: Quantity) -> dict[int, float]:
    """What the finished runs of a condition scored, in the stored unit, by seed.

    Args:
        results: Of an experiment.
        condition: Its name.
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
        name: Of the measure.
        condition: Of which runs; of all when absent.
    """
    return [
        run.measures[name]
        for run in runs
        if name in run.measures and condition in (None, run.condition)
    ]


def minus(treatment: Mapping[int, float], baseline: Mapping[int, float]) -> list[float]:
    """Differences between two conditions over the seeds that both have."""
    return [treatment[seed] - baseline[seed] for seed in treatment if seed in baseline]
