"""Measure the networks of stored runs in parallel, where a measurement is not stored yet."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from convbias import data
from convbias.errors import DataError, RunError, StorageError
from convbias.runs.engines.base import ATTEMPTS, Engine, Lost, Report, Work, run_all
from convbias.runs.engines.local import Local
from convbias.runs.imports import import_keras
from convbias.runs.leftovers import in_use
from convbias.runs.measurement import IMAGES, Measurement
from convbias.runs.record import Run, run_key
from convbias.runs.store import Store
from convbias.runs.worker import dataset_of_process
from convbias.spec.arms import Arm, DataVariant
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.datasets import is_own

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
    engine: Engine | None = None,
    on_waiting: Callable[[str], object] = lambda _: None,
) -> tuple[FailedMeasurement, ...]:
    """Measure networks, each process with one thread, and store the measurements.

    An interruption loses only the measurements in progress.

    Args:
        planned: See `missing_measurements`.
        store: Holds the networks and receives the measurements.
        jobs: Most processes at the same time; one per core by default.
        on_measured: Called with the number of measurements that are done, failed ones included.
        engine: Where they are taken; by default in processes of this machine.
        on_waiting: Called with what is waited for, where nothing is measured.

    Returns:
        The measurements that failed.

    Raises:
        RunError: Processes died repeatedly.
    """
    if not planned:
        return ()
    engine = engine or Local()
    done = 0
    failures: list[FailedMeasurement] = []

    def on_result(failure: FailedMeasurement | None) -> None:
        nonlocal done
        done += 1
        if failure is not None:
            failures.append(failure)
        if on_measured is not None:
            on_measured(done)

    def again(work: Work) -> list[Work]:
        arm, seed, measure = work.arguments
        if store.read_measurement(store.named(run_key(arm, seed)), measure) is None:
            return [work]
        on_result(None)
        return []

    def given_up(lost: Lost) -> RunError:
        return RunError(
            f"{lost.reason} {ATTEMPTS} times before {_measured_by(lost)} was taken; of"
            f" {len(planned)} measurements {len(planned) - done} are still to be taken",
            "enough memory for every process",
            "use fewer processes with --jobs; what was measured is stored",
        )

    works = [_unit(*each, store) for each in planned]
    opened = engine.open(store.folder, engine.processes(len(works), jobs))
    with in_use(store.folder):
        run_all(opened, works, on_result, again, given_up, on_waiting)
    return tuple(failures)


def _unit(arm: AnyArm, seed: int, measure: str, store: Store) -> Work:
    needed = [store.path(arm, seed), store.network_path(arm, seed)]
    if isinstance(arm, Arm) and is_own(arm.data.dataset):
        needed.append(store.dataset_path(arm.data.dataset))
    reads = tuple(str(path.relative_to(store.folder)) for path in needed)
    return Work(_measure, (arm, seed, measure), arms=(arm,), reads=reads)


def _measured_by(lost: Lost) -> str:
    """The measurement that was lost, where it is known which."""
    if len(lost.works) > 1:
        return "any measurement"
    arm, seed, measure = next(iter(lost.works)).arguments
    return f"{measure} of {arm.name} with seed {seed}"


def _measure(
    folder: Path, _report: Report, arm: AnyArm, seed: int, measure: str
) -> FailedMeasurement | None:
    """Measure one network; what is wrong with one network must not end the others."""
    try:
        _store_measurement(arm, seed, measure, Store(folder))
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
