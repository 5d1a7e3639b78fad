"""Stored runs as runs of MLflow: a parent per arm, a child per seed.

A run is looked up by its key, so that a repeated export adds only what is new, and an interrupted
one is continued. MLflow's own status says what is whole: RUNNING until everything is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from convbias.errors import InputError
from convbias.runs.measurement import Measurement
from convbias.runs.mlflow_store import open_store, without_password
from convbias.runs.numbers import single_numbers
from convbias.runs.record import Run
from convbias.spec.formatting import flat
from convbias.spec.names import arm_names

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric
    from mlflow.entities import Run as Entry

EXPERIMENT = "convbias"
ARM_TAG = "convbias.arm"  # of parents
RUN_TAG = "convbias.run"  # of children
WEIGHTS_TAG = "convbias.weights_checksum"
EPOCH = "epoch/"  # begins the names of metrics that have a value per epoch
RUNNING, FINISHED, FAILED = "RUNNING", "FINISHED", "FAILED"  # MLflow's

# What MLflow takes in one request.
MOST_PARAMS = 100
MOST_METRICS = 1_000
RUNS_OF_A_PAGE = 200


@dataclass
class Export:
    """What became of the runs.

    Args:
        added: how many are new in MLflow.
        extended: how many were there and lacked something, which was added.
        known: how many were there whole.
        others: keys of those that are there with other weights, and were left.
    """

    added: int = 0
    extended: int = 0
    known: int = 0
    others: list[str] = field(default_factory=list)


def export_to_mlflow(
    runs: Sequence[Run], measurements: Callable[[Run], Iterable[Measurement]], uri: str
) -> Export:
    """Log runs with their descriptions, epochs, scores and measures, where they are missing.

    Two exports to one store at the same time could both add a run.

    Args:
        runs: stored runs.
        measurements: returns those of a run.
        uri: `sqlite:///FILE` or `http(s)://HOST:PORT`.

    Raises:
        InputError: MLflow is not installed, the store cannot be used, or refuses a request.
        StorageError: The folder of a new file is not writable or the disk is full.
    """
    by_arm: dict[str, list[Run]] = {}
    for run in runs:
        by_arm.setdefault(run.arm_hash, []).append(run)
    names = arm_names(run.arm for run in runs)
    done = Export()
    with open_store(uri) as client:
        target = _Target(client, uri)
        for arm, of_arm in by_arm.items():
            target.log_arm(names[arm], sorted(of_arm, key=lambda run: run.seed), measurements, done)
    return done


class _Target:
    """The experiment in MLflow, and what of it is there.

    Args:
        client: of the store.
        uri: the store's address.
    """

    def __init__(self, client: MlflowClient, uri: str) -> None:
        self._client = client
        self._experiment = _experiment(client, uri)
        self._parents: dict[str, Entry] = {}
        self._children: dict[str, Entry] = {}
        for entry in self._entries():
            if (arm := entry.data.tags.get(ARM_TAG)) is not None:
                self._parents[arm] = entry
            elif (key := entry.data.tags.get(RUN_TAG)) is not None:
                self._children[key] = entry

    def log_arm(
        self,
        name: str,
        runs: Sequence[Run],
        measurements: Callable[[Run], Iterable[Measurement]],
        done: Export,
    ) -> None:
        """Log what is missing of an arm's runs, and count it.

        Args:
            name: of the arm.
            runs: its runs.
            measurements: returns those of a run.
            done: is added to.
        """
        params = flat(runs[0].arm.model_dump(mode="json"))
        parent = self._parents.get(runs[0].arm_hash)
        unfinished = parent is not None and parent.info.status == RUNNING
        if parent is None:
            tags = {ARM_TAG: runs[0].arm_hash}
            parent = self._create(name, tags, min(map(_begun_at, runs)))
            unfinished = True
        if unfinished:
            self._log(parent, params, [])
        before = done.added
        for run in runs:
            self._log_run(f"{name}, seed {run.seed}", run, parent, measurements(run), done)
        if unfinished or done.added > before:
            self._end(parent, FINISHED, max(map(_ended_at, runs)))

    def _log_run(
        self,
        name: str,
        run: Run,
        parent: Entry,
        measurements: Iterable[Measurement],
        done: Export,
    ) -> None:
        entry = self._children.get(run.key)
        if entry is not None and entry.data.tags.get(WEIGHTS_TAG) != run.weights_checksum:
            done.others.append(run.key)
            return
        numbers = single_numbers(run, measurements)
        if entry is not None and entry.info.status != RUNNING:
            # All that can be added later is what is measured later.
            later = {key: numbers[key] for key in numbers.keys() - entry.data.metrics.keys()}
            self._log(entry, {}, _single_metrics(run, later))
            done.extended += bool(later)
            done.known += not later
            return
        if entry is None:
            done.added += 1
            tags = _tags(run) | {"mlflow.parentRunId": parent.info.run_id}
            entry = self._create(name, tags, _begun_at(run))
            present: dict[str, set[int]] = {}
        else:
            done.extended += 1
            present = {key: self._steps(entry, key) for key in entry.data.metrics}
        params = flat(run.arm.model_dump(mode="json")) | {"seed": str(run.seed)}
        metrics = _epoch_metrics(run) + _single_metrics(run, numbers)
        missing = [each for each in metrics if each.step not in present.get(each.key, ())]
        self._log(entry, params, missing)
        self._end(entry, FINISHED if run.status == "finished" else FAILED, _ended_at(run))

    def _create(self, name: str, tags: Mapping[str, str], begun_at: int) -> Entry:
        return self._client.create_run(self._experiment, begun_at, dict(tags), name)

    def _log(self, entry: Entry, params: Mapping[str, str], metrics: Sequence[Metric]) -> None:
        """Log parameters that the run does not have, and metrics."""
        from mlflow.entities import Param

        missing = [Param(key, params[key]) for key in params if key not in entry.data.params]
        for first in range(0, len(missing), MOST_PARAMS):
            self._client.log_batch(
                entry.info.run_id, params=missing[first : first + MOST_PARAMS], synchronous=True
            )
        for first in range(0, len(metrics), MOST_METRICS):
            self._client.log_batch(
                entry.info.run_id, metrics[first : first + MOST_METRICS], synchronous=True
            )

    def _end(self, entry: Entry, status: str, ended_at: int) -> None:
        self._client.set_terminated(entry.info.run_id, status, ended_at)

    def _steps(self, entry: Entry, key: str) -> set[int]:
        history = self._client.get_metric_history(entry.info.run_id, key)
        return {metric.step for metric in history}

    def _entries(self) -> Iterable[Entry]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], max_results=RUNS_OF_A_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


def _experiment(client: MlflowClient, uri: str) -> str:
    """The experiment's identifier; created where there is none."""
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return client.create_experiment(EXPERIMENT)
    if found.lifecycle_stage != "active":
        raise InputError(
            f"the experiment {EXPERIMENT} is deleted at {without_password(uri)}",
            "one that runs can be added to",
            f"restore it: `mlflow experiments restore --experiment-id {found.experiment_id}`, with"
            " MLFLOW_TRACKING_URI set to that address",
        )
    return found.experiment_id


def _epoch_metrics(run: Run) -> list[Metric]:
    """Losses and accuracies per epoch, which are counted from 1."""
    from mlflow.entities import Metric

    now = _ended_at(run)  # when an epoch ended is not stored
    return [
        Metric(f"{EPOCH}{name}", value, now, step)
        for step, epoch in enumerate(run.epochs, start=1)
        for name, value in epoch.model_dump().items()
    ]


def _single_metrics(run: Run, numbers: Mapping[str, float]) -> list[Metric]:
    from mlflow.entities import Metric

    return [Metric(name, value, _ended_at(run), 0) for name, value in numbers.items()]


def _tags(run: Run) -> dict[str, str]:
    tags = {
        RUN_TAG: run.key,
        "convbias.preregistration": run.preregistration,
        "convbias.code_version": run.code_version,
        "convbias.data_checksum": run.data_checksum,
        WEIGHTS_TAG: run.weights_checksum,
        "convbias.device": run.environment.device,
        "convbias.reason": run.reason,  # of one that diverged
    }
    return {name: value for name, value in tags.items() if value is not None}


def _ended_at(run: Run) -> int:
    """In milliseconds since 1970."""
    return round(datetime.fromisoformat(run.cost.finished_at).timestamp() * 1_000)


def _begun_at(run: Run) -> int:
    """As long before its end as it took."""
    return _ended_at(run) - round(run.cost.wall_seconds * 1_000)
