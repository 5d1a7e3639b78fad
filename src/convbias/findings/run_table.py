"""The runs of an experiment as a table."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from convbias.findings.results import ConditionRun
from convbias.spec.arms import Arm


def table(runs: Iterable[ConditionRun]) -> pd.DataFrame:
    """One row per run, in the order given, without anything that depends on the machine's speed.

    Returns:
        Columns: arm (the condition's name), arm_hash, dataset, recipe, seed, status, epochs, then
        losses, accuracies and every measure.
    """
    return pd.DataFrame([_row(run) for run in runs])


def _row(run: ConditionRun) -> dict[str, object]:
    row: dict[str, object] = {
        "arm": run.condition,
        "arm_hash": run.arm_hash,
        "dataset": run.arm.data.dataset if isinstance(run.arm, Arm) else run.arm.task.name,
        "recipe": run.arm.recipe.name,
        "seed": run.seed,
        "status": run.status,
        "epochs": len(run.epochs),
    }
    for name in ("train", "validation", "test"):
        scores = getattr(run, name)
        row[f"{name}_loss"] = scores.loss if scores else None
        row[f"{name}_accuracy"] = scores.accuracy if scores else None
    return row | run.measures | {"weights_checksum": run.weights_checksum}
