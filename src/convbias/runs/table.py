"""Stored runs as one table in a Parquet file: a row per run, for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from convbias.errors import InputError
from convbias.runs.atomic import write_atomically
from convbias.runs.measurement import Measurement
from convbias.runs.numbers import single_numbers
from convbias.runs.record import Run
from convbias.spec.beyond.arms import TaskArm
from convbias.spec.extras import check_installed

SUFFIX = ".parquet"


def write_table(
    runs: Iterable[Run], measurements: Callable[[Run], Iterable[Measurement]], path: Path
) -> int:
    """Write runs with their scores, measures, measurements and epochs; per-image results are left.

    Args:
        runs: stored runs.
        measurements: returns those of a run.
        path: the file; replaced where it exists.

    Returns:
        The number of rows.

    Raises:
        InputError: The path has another suffix, or pyarrow is not installed.
        StorageError: The folder is not writable or the disk is full.
    """
    if path.suffix != SUFFIX:
        raise InputError(f"{path} does not end in {SUFFIX}", "a Parquet file", "rename it")
    check_installed("parquet", ["pyarrow"])
    import pyarrow as pa
    from pyarrow import parquet

    rows = [_row(run, measurements(run)) for run in runs]
    # Runs have different measures, so the first row does not have all columns.
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    table = pa.table(columns)
    write_atomically(path, lambda file: parquet.write_table(table, file))
    return len(rows)


def _row(run: Run, measurements: Iterable[Measurement]) -> dict[str, Any]:
    arm = run.arm
    row: dict[str, Any] = {
        "run": run.key,
        "arm": run.arm_hash,
        "data": arm.task.name if isinstance(arm, TaskArm) else arm.data.dataset,
        "model": arm.model.family,
        "recipe": arm.recipe.name,
        "seed": run.seed,
        "status": run.status,
    }
    row |= single_numbers(run, measurements)
    row["epochs"] = [epoch.model_dump(mode="json") for epoch in run.epochs]
    row |= {
        "cost_finished_at": run.cost.finished_at,
        "device": run.environment.device,
        "code_version": run.code_version,
        "data_checksum": run.data_checksum,
        "weights_checksum": run.weights_checksum,
        "description": json.dumps(arm.model_dump(mode="json")),
    }
    return row
