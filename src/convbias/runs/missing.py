"""Find the planned runs that are not stored, and train them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from convbias import data
from convbias.data.beyond.loading import check_available
from convbias.runs.atomic import check_writable
from convbias.runs.cost import run_costs
from convbias.runs.engines.base import Engine
from convbias.runs.engines.local import Local
from convbias.runs.failures import store_failure
from convbias.runs.observer import Observer, TrainingPlan
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.sweep import SweepResult, count_units, missing, sweep
from convbias.spec.arms import Arm
from convbias.spec.beyond.arms import TaskArm
from convbias.spec.preregistration import Preregistration
from convbias.spec.study import PlannedRun


@dataclass(frozen=True)
class StoredRuns:
    """Which of the planned runs are stored.

    Args:
        runs: the stored runs, in the order of the plan.
        absent: planned runs that are not stored or cannot be read.
        damaged: why the unreadable ones cannot be read.
    """

    runs: tuple[Run, ...]
    absent: tuple[PlannedRun, ...]
    damaged: tuple[DamagedRunError, ...]


def stored_runs(planned: Iterable[PlannedRun], store: Store) -> StoredRuns:
    """Read the planned runs that are stored; no file is moved or changed.

    Args:
        planned: arms and seeds.
        store: where the runs are.

    Example:
        >>> from convbias.experiments.studies import load_study, planned_runs
        >>> found = stored_runs(planned_runs(load_study("quick")), Store("no/such/folder"))
        >>> len(found.runs), found.damaged
        (0, ())
    """
    runs: list[Run] = []
    absent: list[PlannedRun] = []
    damaged: list[DamagedRunError] = []
    for arm, seed in planned:
        run = None
        try:
            run = store.read(arm, seed)
        except DamagedRunError as error:
            damaged.append(error)
        if run is None:
            absent.append((arm, seed))
        else:
            runs.append(run)
    return StoredRuns(tuple(runs), tuple(absent), tuple(damaged))


def train_missing(
    planned: Sequence[PlannedRun],
    store: Store,
    jobs: int | None = None,
    observer: Observer | None = None,
    preregistration: Preregistration | None = None,
    engine: Engine | None = None,
) -> SweepResult:
    """Train every planned run that is not stored.

    Interrupting it loses only the runs in progress; calling it again trains what is missing.
    Damaged records are moved to the store's `quarantine` folder, and their runs trained again.

    Args:
        planned: arms and seeds, in the order in which they are trained.
        store: where finished runs are, and where new ones go.
        jobs: most processes at the same time; by default one per core, or a few that share an
            accelerator.
        observer: receives the events.
        preregistration: what was fixed before; it is stored, and every new run names it.
        engine: where runs are trained; in processes of this machine by default.

    Returns:
        What was trained, what failed and what was moved away. Tracebacks of failures are stored
        at `convbias.runs.failures.failure_path`.

    Raises:
        DataError: The images are missing or damaged, and cannot be downloaded.
        StorageError: The store's folder is not writable or the disk is full.
        RunError: Processes died repeatedly.

    Example:
        >>> import tempfile
        >>> from convbias.spec.arms import Arm, DataVariant, Dense
        >>> from convbias.spec.recipes import classic
        >>> images = DataVariant(dataset="drawn", training_images=100)
        >>> arm = Arm(data=images, model=Dense(), recipe=classic(epochs=1))
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
        ...     result = train_missing([(arm, 0)], Store(folder))
        ...     len(result.trained), len(result.failures)
        (1, 0)
    """
    observer = observer or Observer()
    engine = engine or Local()
    wanted = stored_runs(planned, store).absent
    if wanted:
        check_ready(wanted, store.folder)
    wanted, quarantined = missing(wanted, store)
    processes = engine.processes(count_units(wanted, engine), jobs) if wanted else 0
    known = wanted and not engine.accelerator
    costs = run_costs({arm for arm, _ in wanted}) if known else {}
    plan = TrainingPlan(len(planned), tuple(wanted), quarantined, processes, costs)
    observer.training_starts(plan)
    result = SweepResult((), (), ())
    if wanted:
        if preregistration is not None:
            store.write_preregistration(preregistration)
        result = sweep(
            wanted,
            store,
            processes,
            observer.epoch_finished,
            observer.run_stored,
            preregistration.hash if preregistration else None,
            engine,
            observer.waits,
        )
    for failure in result.failures:
        store_failure(failure, store)
    result = SweepResult(result.trained, result.failures, quarantined)
    observer.training_finished(result)
    return result


def check_ready(planned: Iterable[PlannedRun], folder: Path) -> None:
    """Check that data is available and a folder is writable, before hours are spent.

    Args:
        planned: arms and seeds; missing files of their data are downloaded.
        folder: where results will go; created when missing.

    Raises:
        InputError: A package of an extra is missing.
        DataError: Data is missing or damaged, and cannot be downloaded.
        StorageError: The folder is not writable.
    """
    arms = {arm for arm, _ in planned}
    if any(isinstance(arm, Arm) and arm.data.dataset == "fashion-mnist" for arm in arms):
        data.fetch("fashion-mnist")
    for task in {arm.task for arm in arms if isinstance(arm, TaskArm)}:
        check_available(task)
    check_writable(folder)
