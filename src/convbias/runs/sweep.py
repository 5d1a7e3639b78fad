"""Train the planned runs that are not stored, in parallel.

On a CPU: one process per core, each with one thread. So a run's numbers do not depend on other
runs, and parallel seeds use the cores better than one training with many threads. On an
accelerator: a few processes share it; each trains all missing seeds of one arm at once, and the
others compute while one of them compiles.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from joblib.externals.loky.process_executor import TerminatedWorkerError

from convbias.errors import ConvbiasError, RunError
from convbias.runs.processes import run_in_processes
from convbias.runs.progress import Progress, remove_notes, watch
from convbias.runs.record import run_key
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.worker import execute
from convbias.spec.arms import Convolutional
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.study import PlannedRun

PROCESSES_ON_ACCELERATOR = 4  # most of an arm's time is compiling, on one core each

ATTEMPTS = 3  # consecutive deaths of processes without a finished run

NVIDIA_DRIVER = Path("/dev/nvidiactl")

NOTES_PREFIX = "progress-"  # followed by the process identifier of the sweep
Execute = Callable[[AnyArm, Sequence[int], Path, Path, int, str | None], list[str]]

UNFINISHED_FILE = re.compile(r"\.[0-9a-f]{12}-seed\d+-\w{8}\.(json|keras)")


@dataclass(frozen=True)
class Quarantined:
    """A damaged run that was moved away and is trained again."""

    error: DamagedRunError
    moved_to: Path


@dataclass(frozen=True)
class FailedRun:
    """A run that ended with an unexpected error; it is not stored.

    Args:
        arm: What was trained.
        seed: Its seed.
        traceback: The error with its traceback.
    """

    arm: AnyArm
    seed: int
    traceback: str


@dataclass(frozen=True)
class SweepResult:
    """Result of a sweep.

    Args:
        trained: Keys of the newly trained runs.
        failures: Runs that ended with an unexpected error.
        quarantined: Damaged runs that were moved away.
    """

    trained: tuple[str, ...]
    failures: tuple[FailedRun, ...]
    quarantined: tuple[Quarantined, ...]


def missing(
    planned: Sequence[PlannedRun], store: Store
) -> tuple[list[PlannedRun], tuple[Quarantined, ...]]:
    """Find the planned runs that are not stored; damaged ones are moved away and are missing."""
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
    planned: Sequence[PlannedRun],
    store: Store,
    jobs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_stored: Callable[[AnyArm, int], None] | None = None,
    preregistration: str | None = None,
) -> SweepResult:
    """Train every planned run that is not stored.

    An interruption loses only the runs in progress; another call trains the missing ones.

    Args:
        planned: Arms and seeds, in the order in which they are trained; on an accelerator, which
            trains all seeds of an arm at once, the longest arms are first.
        store: Holds the stored runs and receives new ones.
        jobs: Number of processes; by default one per core, or a few that share an accelerator.
        on_progress: Called from another thread when a run starts or finishes an epoch.
        on_stored: Called from this thread when a run was stored.
        preregistration: `Preregistration.hash` of what was fixed before, for the runs' records.

    Raises:
        ConvbiasError: The data is missing, or the runs cannot be stored.
        RunError: Processes died repeatedly.
    """
    clear_leftovers(store.folder)
    wanted, quarantined = missing(planned, store)
    notes = store.folder / f"{NOTES_PREFIX}{os.getpid()}"
    by_key = {run_key(*run): run for run in wanted}
    ended: dict[str, FailedRun | None] = {}
    deaths = 0

    def note(results: Iterable[tuple[str, FailedRun | None]]) -> None:
        for key, failure in results:
            ended[key] = failure
            if failure is None and on_stored is not None:
                on_stored(*by_key[key])

    while rest := [(arm, seed) for arm, seed in wanted if run_key(arm, seed) not in ended]:
        before = len(ended)
        try:
            with watch(notes, on_progress):
                _train(rest, store, notes, processes_for(rest, jobs), note, preregistration)
        except TerminatedWorkerError as error:
            lost = [key for key in by_key if key not in ended]
            note((key, None) for key in lost if store.path(*by_key[key]).exists())
            deaths = 1 if len(ended) > before else deaths + 1
            if deaths == ATTEMPTS:
                raise RunError(
                    f"processes died {ATTEMPTS} times before any run was finished; of"
                    f" {len(wanted)} runs {len(wanted) - len(ended)} are still to be trained",
                    "enough memory for every process",
                    "use fewer processes with --jobs; finished runs are stored",
                ) from error
    return SweepResult(
        trained=tuple(key for key, failure in ended.items() if failure is None),
        failures=tuple(failure for failure in ended.values() if failure is not None),
        quarantined=quarantined,
    )


def processes_for(wanted: Sequence[PlannedRun], jobs: int | None) -> int:
    """Number of processes that a sweep starts.

    Args:
        wanted: The runs to be trained, at least one.
        jobs: Upper limit; by default one per core, or a few that share an accelerator.
    """
    if has_accelerator():
        return min(jobs or PROCESSES_ON_ACCELERATOR, len(_by_arm(wanted)))
    return min(jobs or cores(), len(wanted))


def longest_first(planned: Iterable[PlannedRun]) -> list[PlannedRun]:
    """Sort runs so that no process waits long for the last one; equal ones keep their order.

    Args:
        planned: Arms and seeds.
    """
    return sorted(planned, key=lambda run: -relative_length(run[0]))


def relative_length(arm: AnyArm) -> int:
    """Approximate training time, for sorting: epochs times a factor that grows with the kernel."""
    span = arm.model.span if isinstance(arm.model, Convolutional) else 0
    return arm.recipe.epochs * (1 + span)


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def clear_leftovers(folder: Path) -> None:
    """Remove progress files and incomplete files of killed sweeps.

    Args:
        folder: The store's folder. While another sweep uses it, only progress files are removed.
    """
    alone = True
    for notes in folder.glob(f"{NOTES_PREFIX}*"):
        if is_running(notes.name.removeprefix(NOTES_PREFIX)):
            alone = False
        else:
            remove_notes(notes)
    for path in folder.glob(".*") if alone else ():
        if UNFINISHED_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)


def is_running(process: str) -> bool:
    """Whether there is a process with this identifier, given as text."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True  # a process of another user
    return True


def _train(
    wanted: Sequence[PlannedRun],
    store: Store,
    notes: Path,
    jobs: int,
    on_ended: Callable[[list[tuple[str, FailedRun | None]]], object],
    preregistration: str | None,
) -> None:
    accelerator = has_accelerator()
    units = [(arm, [seed]) for arm, seed in wanted]
    if accelerator:
        # The longest first, so that no process waits long for the last one.
        units = sorted(_by_arm(wanted), key=lambda unit: -len(unit[1]) * relative_length(unit[0]))
    # Also a single run in a process of its own: a crash would end this one.
    calls = [
        (_train_arm, execute, arm, seeds, store.folder, notes, os.getpid(), preregistration)
        for arm, seeds in units
    ]
    run_in_processes(calls, jobs, on_ended, accelerator=accelerator)


def has_accelerator() -> bool:
    """Whether JAX would train on a GPU; determined without loading JAX."""
    plugins = find_spec("jax_plugins")
    folders = plugins.submodule_search_locations if plugins else None
    installed = [plugin.name for plugin in iter_modules(folders or [])]
    wanted = os.environ.get("JAX_PLATFORMS", "cuda")
    return (
        any(name.startswith("xla_cuda") for name in installed)
        and NVIDIA_DRIVER.exists()
        and ("cuda" in wanted or "gpu" in wanted)
    )


def _by_arm(wanted: Sequence[PlannedRun]) -> list[tuple[AnyArm, list[int]]]:
    seeds: dict[AnyArm, list[int]] = {}
    for arm, seed in wanted:
        seeds.setdefault(arm, []).append(seed)
    return list(seeds.items())


def _train_arm(
    execute: Execute,
    arm: AnyArm,
    seeds: Sequence[int],
    folder: Path,
    notes: Path,
    parent: int,
    preregistration: str | None,
) -> list[tuple[str, FailedRun | None]]:
    """Train in this process; an unexpected error must not end other arms' runs."""
    try:
        keys = execute(arm, seeds, folder, notes, parent, preregistration)
        return [(key, None) for key in keys]
    except ConvbiasError:
        raise  # missing data and a full disk concern every run
    except Exception:  # noqa: BLE001 - the caller of the sweep reports it with its traceback
        account = traceback.format_exc()
        store = Store(folder)
        return [
            (
                run_key(arm, seed),
                None if store.path(arm, seed).exists() else FailedRun(arm, seed, account),
            )
            for seed in seeds
        ]
