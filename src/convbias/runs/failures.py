"""Store the tracebacks of failed runs and measurements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from convbias.runs.atomic import write_atomically
from convbias.runs.measure_networks import FailedMeasurement
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.runs.sweep import FailedRun

Failed = FailedRun | FailedMeasurement


def failed_name(failed: Failed, names: Mapping[str, str]) -> str:
    """What failed, such as "the run dense seed 0".

    Args:
        failed: A run or a measurement.
        names: Hash of each arm to its name.
    """
    if isinstance(failed, FailedRun):
        return f"the run {names[failed.arm.hash]} seed {failed.seed}"
    return f"the measure {failed.measure} of the run {failed.run_key}"


def failure_path(failed: Failed, store: Store) -> Path:
    """Path of the text file with the traceback."""
    if isinstance(failed, FailedRun):
        name = run_key(failed.arm, failed.seed)
    else:
        name = f"{failed.run_key}-{failed.measure}"
    return store.folder / "failures" / f"{name}.txt"


def store_failure(failed: Failed, store: Store) -> None:
    """Write the traceback to its `failure_path`.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    path = failure_path(failed, store)
    write_atomically(path, lambda file: file.write_text(failed.traceback, encoding="utf-8"))
