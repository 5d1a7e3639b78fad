"""Planned runs minus stored ones, trained on all cores.

One process per core, one thread each: so a run's numbers do not depend on how many runs go on
beside it, and parallel seeds use the cores better than one training with many threads would.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from convbias.config import Arm, Convolutional
from convbias.errors import ConvbiasError, RunError
from convbias.progress import Progress, watch
from convbias.run import run_key
from convbias.store import DamagedRunError, Store
from convbias.worker import ONE_THREAD, execute

ATTEMPTS = 3  # how often runs are started whose process died

Planned = tuple[Arm, int]


@dataclass(frozen=True)
class Quarantined:
    """A stored run that could not be used and is trained anew."""

    error: DamagedRunError
    moved_to: Path


@dataclass(frozen=True)
class Failure:
    """A run that ended with an error; it is not stored."""

    arm_name: str
    seed: int
    message: str


@dataclass(frozen=True)
class Outcome:
    """What a sweep did.

    Args:
        trained: Keys of the runs that were trained now.
        failures: Runs that ended with an error.
        quarantined: Damaged runs that were moved away.
    """

    trained: tuple[str, ...]
    failures: tuple[Failure, ...]
    quarantined: tuple[Quarantined, ...]


def missing(
    planned: Sequence[Planned], store: Store
) -> tuple[list[Planned], tuple[Quarantined, ...]]:
    """Which planned runs are not stored; damaged ones are moved away and count as missing."""
    wanted, quarantined = [], []
    for arm, seed in planned:
        try:
            stored = store.read(arm, seed)
        except DamagedRunError as error:
            quarantined.append(Quarantined(error, store.quarantine(store.path(arm, seed))))
            stored = None
        if stored is None:
            wanted.append((arm, seed))
    return wanted, tuple(quarantined)


def sweep(
    planned: Sequence[Planned],
    store: Store,
    jobs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train every planned run that is not stored.

    Interrupting it loses only the runs in progress; calling it again trains what is missing.

    Args:
        planned: Arms and seeds.
        store: Where finished runs are, and where they go.
        jobs: How many processes; one per core by default.
        on_progress: Called, from another thread, whenever a run starts or finishes an epoch.

    Raises:
        InputError: The runs cannot be trained or stored as asked: no data, no space.
        RunError: Processes died again and again.
    """
    wanted, quarantined = missing(planned, store)
    ended: dict[str, Failure | None] = {}
    for attempt in range(1, ATTEMPTS + 1):
        rest = [(arm, seed) for arm, seed in wanted if run_key(arm, seed) not in ended]
        if not rest:
            break
        try:
            with watch(store.folder / "progress", on_progress):
                ended.update(_train(rest, store, jobs or cores()))
        except TerminatedWorkerError as error:
            if attempt == ATTEMPTS:
                raise RunError(
                    f"the processes of {len(rest)} runs were killed, {ATTEMPTS} times",
                    "enough memory for every process",
                    "use fewer processes with --jobs; finished runs are stored",
                ) from error
    return Outcome(
        trained=tuple(key for key, failure in ended.items() if failure is None),
        failures=tuple(failure for failure in ended.values() if failure is not None),
        quarantined=quarantined,
    )


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _train(
    wanted: Sequence[Planned], store: Store, jobs: int
) -> Iterator[tuple[str, Failure | None]]:
    # The longest runs first, so that no core waits long for the last one.
    longest_first = sorted(wanted, key=lambda planned: -_kernel_size(planned[0]))
    tasks = [
        joblib.delayed(_execute)(arm, seed, store.folder, store.folder / "progress")
        for arm, seed in longest_first
    ]
    with _environment(ONE_THREAD), joblib.parallel_config("loky", inner_max_num_threads=1):
        try:
            outcomes: Any = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks)
            yield from outcomes
        except BaseException:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)
            raise


def _execute(
    arm: Arm, seed: int, folder: Path, progress_folder: Path
) -> tuple[str, Failure | None]:
    """Keep an unexpected error in one run from ending all others."""
    try:
        return execute(arm, seed, folder, progress_folder), None
    except ConvbiasError:
        raise  # missing data and a full disk concern every run
    except Exception:  # noqa: BLE001 - reported with its traceback by whoever started the sweep
        return run_key(arm, seed), Failure(arm.name, seed, traceback.format_exc())


def _kernel_size(arm: Arm) -> int:
    return arm.model.kernel_size if isinstance(arm.model, Convolutional) else 0


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
