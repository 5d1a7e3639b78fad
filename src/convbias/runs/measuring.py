"""Planned measures minus stored ones, taken on the networks of stored runs, on all cores."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from convbias import data
from convbias.errors import ConvbiasError
from convbias.runs.measurement import Measurement
from convbias.runs.processes import worker_processes
from convbias.runs.record import Run, run_key
from convbias.runs.store import Store
from convbias.runs.sweep import Failure, cores, interrupts_for_this_process_only
from convbias.runs.worker import dataset_of_process
from convbias.spec.arms import Arm, DataVariant

if TYPE_CHECKING:
    from convbias.measures.base import Subject

Wanted = tuple[Arm, int, str]


@dataclass(frozen=True)
class Missing:
    """What is not measured yet.

    Args:
        wanted: Arm, seed and measure, where the network is stored.
        without_network: Keys of finished runs whose network is not; they cannot be measured.
    """

    wanted: tuple[Wanted, ...]
    without_network: tuple[str, ...]


def missing_measurements(runs: Iterable[Run], measures: Sequence[str], store: Store) -> Missing:
    """What of the measures of finished runs is not stored.

    Args:
        runs: Stored runs.
        measures: Names of modules of `convbias.measures`.
        store: Where runs, networks and measurements lie.
    """
    wanted: list[Wanted] = []
    without: dict[str, None] = {}
    for run in runs:
        for measure in measures:
            if run.status != "finished" or store.read_measurement(run, measure) is not None:
                continue
            if store.network_path(run.arm, run.seed).exists():
                wanted.append((run.arm, run.seed, measure))
            else:
                without[run.key] = None
    return Missing(tuple(wanted), tuple(without))


def measure_all(
    wanted: Sequence[Wanted],
    store: Store,
    jobs: int | None = None,
    on_measured: Callable[[int], None] | None = None,
) -> tuple[Failure, ...]:
    """Measure networks, one process per core, one thread each, and store what is found.

    Interrupting it loses only the measures in progress.

    Args:
        wanted: From `missing_measurements`.
        store: Where the networks are, and where the measurements go.
        jobs: How many processes; one per core by default.
        on_measured: Called with the number of measures taken so far.

    Returns:
        The measures that ended with an error; they are not stored.
    """
    if not wanted:
        return ()
    executor = worker_processes(min(jobs or cores(), len(wanted)))
    failures: list[Failure] = []
    try:
        with interrupts_for_this_process_only():
            futures = [executor.submit(_measure, *each, store) for each in wanted]
        for taken, future in enumerate(as_completed(futures), start=1):
            failure = future.result()
            if failure is not None:
                failures.append(failure)
            if on_measured is not None:
                on_measured(taken)
    finally:
        executor.shutdown(wait=True, kill_workers=True)
    return tuple(failures)


def _measure(arm: Arm, seed: int, measure: str, store: Store) -> Failure | None:
    """Measure one network; an unexpected error must not end the others."""
    try:
        _store_measurement(arm, seed, measure, store)
    except ConvbiasError:
        raise  # missing data and a full disk concern every measure
    except Exception:  # noqa: BLE001 - reported with its traceback by whoever asked
        return Failure(f"{measure} of {run_key(arm, seed)}", seed, traceback.format_exc())
    return None


def _store_measurement(arm: Arm, seed: int, measure: str, store: Store) -> None:
    # Imported here, because the parent imports this module and must not load Keras for it.
    from convbias.runs.environment import code_version

    run = store.named(run_key(arm, seed))
    found = take(measure, _subject(run, store))
    store.write_measurement(
        run,
        Measurement(
            measure=measure,
            run=run.key,
            weights_checksum=run.weights_checksum,
            values=found.values,
            pictures=found.pictures,
            code_version=code_version(),
        ),
    )


def take(measure: str, subject: Subject) -> Any:  # noqa: ANN401 - its class would load Keras
    """Take one measure.

    Args:
        measure: Name of a module of `convbias.measures`.
        subject: The network with its data.

    Returns:
        A `convbias.measures.base.Measured`.
    """
    return import_module(f"convbias.measures.{measure}").measure(subject)


def _subject(run: Run, store: Store) -> Subject:
    from convbias.measures.base import Subject
    from convbias.runs.stored_network import load_network

    variant = run.arm.data
    return Subject(
        network=load_network(store, run),
        arm=run.arm,
        seed=run.seed,
        source=dataset_of_process(variant.dataset),
        dataset=_varied(variant),
    )


# One at a time, because images on a canvas take a hundred megabytes in every process.
@lru_cache(maxsize=1)
def _varied(variant: DataVariant) -> data.Dataset:
    from convbias.data.variants import vary

    return vary(dataset_of_process(variant.dataset), variant)
