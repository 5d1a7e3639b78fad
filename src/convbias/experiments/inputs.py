"""A fingerprint of what a study's report is written from."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from convbias.experiments.studies import experiments_of, planned_runs
from convbias.runs.environment import code_version
from convbias.runs.store import Store
from convbias.spec.study import Study


def report_inputs(study: Study, store: Store) -> str:
    """Fingerprint of a study's stored runs and measurements, and of the code.

    Args:
        study: The study.
        store: Where its runs and measurements are.

    Returns:
        A text that changes whenever the report could; empty where the code has changes of its own
        that have no name yet.
    """
    version = code_version()
    if "+" in version:
        return ""
    digest = hashlib.sha256(f"{version}\n{study.model_dump_json()}\n".encode())
    measures = sorted({each for found in experiments_of(study).values() for each in found.measures})
    for arm, seed in planned_runs(study):
        record = store.path(arm, seed)
        measurements = (
            store.folder / "measurements" / f"{record.stem}-{each}.json" for each in measures
        )
        for path in (record, *measurements):
            with suppress(FileNotFoundError):
                found = path.stat()
                digest.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
