"""Take the runs of a check, one after another, and store each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.harness import Record, read

from convbias.errors import InputError
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from tools.external.check import Check
from tools.published import ROOT

RESULTS = ROOT / "results" / "external"


def stored(check: Check, folder: Path = RESULTS) -> Record:
    """The stored runs of a check; none where nothing is stored.

    Raises:
        InputError: They are damaged, or were taken with another setting than the check has now.
    """
    path = folder / f"{check.name}.json"
    if not path.exists():
        return Record(environment=describe_machine(1), conditions=check.setting)
    record = read(path)
    if record.conditions != check.setting:
        raise InputError(
            f"{path} was taken with {record.conditions}",
            f"{check.setting}, the setting of tools/external/checks/{check.name}.py",
            f"remove the file and call `python -m tools.external {check.name}`",
        )
    return record


def missing(check: Check, record: Record) -> int:
    """How many of a check's runs are not stored."""
    return sum(not record.where(**keys) for keys, _ in check.plan(check.setting))


def take(
    check: Check, report: Callable[[dict[str, Any]], object], folder: Path = RESULTS
) -> Record:
    """Take the runs of a check that are not stored.

    Args:
        check: The check.
        report: Called with each new run, once it is stored.
        folder: Where the runs are stored.

    Returns:
        All its runs.

    Raises:
        InputError: As `stored`.
        StorageError: The folder is not writable.
    """
    record = stored(check, folder)
    for keys, measure in check.plan(check.setting):
        if record.where(**keys):
            continue
        run = {**keys, **measure(), "code_version": code_version()}
        record = record.model_copy(update={"measurements": (*record.measurements, run)})
        text = _one_run_per_line(record)
        write_atomically(
            folder / f"{check.name}.json", lambda file, text=text: file.write_text(text, "utf-8")
        )
        report(run)
    return record


def _one_run_per_line(record: Record) -> str:
    head = json.loads(record.model_copy(update={"measurements": ()}).model_dump_json())
    head.pop("measurements")
    runs = ",\n".join(json.dumps(run) for run in record.measurements)
    return f'{json.dumps(head)[:-1]}, "measurements": [\n{runs}\n]}}\n'
