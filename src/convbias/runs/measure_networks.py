"""Measure the networks of stored runs in parallel, where a measurement is not stored yet."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from convbias import data
from convbias.errors import DataError, StorageError
from convbias.runs.imports import import_keras
from convbias.runs.measurement import IMAGES, Measurement
from convbias.runs.processes import run_in_processes
from convbias.runs.record import Run, run_key
from convbias.runs.store import Store
from convbias.runs.sweep import cores
from convbias.runs.worker import dataset_of_process
from convbias.spec.arms import DataVariant
from convbias.spec.beyond.arms import AnyArm

if TYPE_CHECKING:
    from convbias.measures.base import MeasureValues, Subject

PlannedMeasurement = tuple[AnyArm, int, str]  # arm, seed and measure


@dataclass(frozen=True)
class MissingMeasurements:
    """Measurements that are not stored.

    Args:
        planned: Those that can be taken, because the network is stored.
        without_network: Keys of finished runs whose network is not stored.
    """

    planned: tuple[PlannedMeasurement, ...]
    without_network: tuple[str, ...]


@dataclass(frozen=True)
class FailedMeasurement:
    """A measure that ended with an unexpected error; nothing is stored of it.

    Args:
        measure: Name of a module of `convbias.measures`.
        run_key: Key of the run whose network was measured.
        traceback: The error with its traceback.
    """

    measure: str
    run_key: str
    traceback: str


def missing_measurements(
    runs: Iterable[Run], measures: Sequence[str], store: Store
) -> MissingMeasurements:
    """Find the measurements of finished runs that are not stored.

    Args:
        runs: Stored runs.
        measures: Names of modules of `convbias.measures`.
        store: Holds runs, networks and measurements.
    """
    planned: list[PlannedMeasurement] = []
    without: dict[str, None] = {}
    for run in runs:
        for measure in measures:
            if run.status != "finished" or store.read_measurement(run, measure) is not None:
                continue
            if store.network_path(run.arm, run.seed).exists():
                planned.append((run.arm, run.seed, measure))
            else:
                without[run.key] = None
    return MissingMeasurements(tuple(planned), tuple(without))


def measure_all(
    planned: Sequence[PlannedMeasurement],
    store: Store,
    jobs: int | None = None,
    on_measured: Callable[[int], None] | None = None,
) -> tuple[FailedMeasurement, ...]:
    """Measure networks, each process with one thread, and store the measurements.

    An interruption loses only the measurements in progress.

    Args:
        planned: See `missing_measurements`.
        store: Holds the networks and receives the measurements.
        jobs: How many processes; one per core by default.
        on_measured: Called with the number of measurements that are done, failed ones included.

    Returns:
        The measurements that failed.
    """
    if not planned:
        return ()
    done = 0
    failures: list[FailedMeasurement] = []

    def on_result(failure: FailedMeasurement | None) -> None:
        nonlocal done
        done += 1
        if failure is not None:
            failures.append(failure)
        if on_measured is not None:
            on_measured(done)

    calls = [(_measure, *each, store) for each in planned]
    run_in_processes(calls, min(jobs or cores(), len(planned)), on_result)
    return tuple(failures)


def _measure(arm: AnyArm, seed: int, measure: str, store: Store) -> FailedMeasurement | None:
    """Measure one network; what is wrong with one network must not end the others."""
    try:
        _store_measurement(arm, seed, measure, store)
    except (DataError, StorageError):
        raise  # missing data and a full disk concern every measurement
    except Exception:  # noqa: BLE001 - the caller reports it with its traceback
        return FailedMeasurement(measure, run_key(arm, seed), traceback.format_exc())
    return None


def _store_measurement(arm: AnyArm, seed: int, measure: str, store: Store) -> None:
    import_keras()
    # Imported here, because the parent imports this module and must not load Keras for it.
    from convbias.runs.environment import code_version

    run = store.named(run_key(arm, seed))
    measured = take(measure, _subject(run, store))
    values = measured.values
    if measured.images is not None:
        values = values | {f"{measure}{IMAGES}": float(measured.images)}
    store.write_measurement(
        run,
        Measurement(
            measure=measure,
            run=run.key,
            weights_checksum=run.weights_checksum,
            values=values,
            pictures=measured.pictures,
            code_version=code_version(),
        ),
    )


def take(measure: str, subject: Subject) -> MeasureValues:
    """Take one measure.

    Args:
        measure: Name of a module of `convbias.measures`.
        subject: The network with its data.
    """
    return import_module(f"convbias.measures.{measure}").measure(subject)


def _subject(run: Run, store: Store) -> Subject:
    from convbias.measures.base import Subject
    from convbias.runs.stored_network import load_network

    variant = run.image_arm.data
    return Subject(
        network=load_network(store, run),
        arm=run.image_arm,
        seed=run.seed,
        source=dataset_of_process(variant.dataset),
        dataset=_varied(variant),
    )


# One at a time, because images on a canvas take a hundred megabytes in every process.
@lru_cache(maxsize=1)
def _varied(variant: DataVariant) -> data.Dataset:
    from convbias.data.variants import vary

    return vary(dataset_of_process(variant.dataset), variant)
