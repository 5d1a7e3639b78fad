"""Planned runs minus stored ones, trained on all cores, or on an accelerator.

On a processor: one process per core, one thread each. So a run's numbers do not depend on how many
runs go on beside it, and parallel seeds use the cores better than one training with many threads
would. On an accelerator: a few processes that share it, each with one arm, all of whose missing
seeds train at once; while one of them compiles, and between its operations, the others compute.
"""

from __future__ import annotations

import os
import re
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import resource_tracker
from pathlib import Path
from pkgutil import iter_modules

from joblib.externals.loky.process_executor import TerminatedWorkerError

from convbias.errors import ConvbiasError, RunError
from convbias.runs.processes import worker_processes
from convbias.runs.progress import Progress, remove_notes, watch
from convbias.runs.record import run_key
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.worker import execute
from convbias.spec.arms import Arm, Convolutional
from convbias.spec.study import PlannedRun

PROCESSES_ON_ACCELERATOR = 4  # most of an arm's time is compiling, on one core each

ATTEMPTS = 3  # how often processes may die without any run being finished

NVIDIA_DRIVER = Path("/dev/nvidiactl")

NOTES_PREFIX = "progress-"  # before the identifier of the sweep's process
UNFINISHED_FILE = re.compile(r"\.[0-9a-f]{12}-seed\d+-\w{8}\.(json|keras)")


@dataclass(frozen=True)
class Quarantined:
    """A stored run that could not be used and is trained anew."""

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

    arm: Arm
    seed: int
    traceback: str


@dataclass(frozen=True)
class Outcome:
    """What a sweep did.

    Args:
        trained: Keys of the runs that were trained now.
        failures: Runs that ended with an error.
        quarantined: Damaged runs that were moved away.
    """

    trained: tuple[str, ...]
    failures: tuple[FailedRun, ...]
    quarantined: tuple[Quarantined, ...]


def missing(
    planned: Sequence[PlannedRun], store: Store
) -> tuple[list[PlannedRun], tuple[Quarantined, ...]]:
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
    planned: Sequence[PlannedRun],
    store: Store,
    jobs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train every planned run that is not stored.

    Interrupting it loses only the runs in progress; calling it again trains what is missing.

    Args:
        planned: Arms and seeds.
        store: Where finished runs are, and where they go.
        jobs: How many processes; by default one per core, or a few that share an accelerator.
        on_progress: Called, from another thread, whenever a run starts or finishes an epoch.

    Raises:
        InputError: The runs cannot be trained or stored as asked: no data, no space.
        RunError: Processes died again and again.
    """
    clear_leftovers(store.folder)
    wanted, quarantined = missing(planned, store)
    notes = store.folder / f"{NOTES_PREFIX}{os.getpid()}"
    ended: dict[str, FailedRun | None] = {}
    deaths = 0
    while rest := [(arm, seed) for arm, seed in wanted if run_key(arm, seed) not in ended]:
        before = len(ended)
        try:
            with watch(notes, on_progress):
                ended.update(_train(rest, store, notes, processes_for(rest, jobs)))
        except TerminatedWorkerError as error:
            ended.update((run_key(*run), None) for run in rest if store.path(*run).exists())
            deaths = 1 if len(ended) > before else deaths + 1
            if deaths == ATTEMPTS:
                raise RunError(
                    f"processes died {ATTEMPTS} times before any run was finished; of"
                    f" {len(wanted)} runs {len(wanted) - len(ended)} are still to be trained",
                    "enough memory for every process",
                    "use fewer processes with --jobs; finished runs are stored",
                ) from error
    return Outcome(
        trained=tuple(key for key, failure in ended.items() if failure is None),
        failures=tuple(failure for failure in ended.values() if failure is not None),
        quarantined=quarantined,
    )


def processes_for(wanted: Sequence[PlannedRun], jobs: int | None) -> int:
    """How many processes a sweep starts.

    Args:
        wanted: The runs to be trained, at least one.
        jobs: How many are allowed; by default one per core, or a few that share an accelerator.
    """
    if has_accelerator():
        return min(jobs or PROCESSES_ON_ACCELERATOR, len(_by_arm(wanted)))
    return min(jobs or cores(), len(wanted))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def clear_leftovers(folder: Path) -> None:
    """Remove what killed sweeps have left: notes, and files that were not written to their end.

    Args:
        folder: The store's folder. While another sweep trains into it, only notes are removed.
    """
    alone = True
    for notes in folder.glob(f"{NOTES_PREFIX}*"):
        if _is_running(notes.name.removeprefix(NOTES_PREFIX)):
            alone = False
        else:
            remove_notes(notes)
    for path in folder.glob(".*") if alone else ():
        if UNFINISHED_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _train(
    wanted: Sequence[PlannedRun], store: Store, notes: Path, jobs: int
) -> Iterator[tuple[str, FailedRun | None]]:
    accelerator = has_accelerator()
    units = _by_arm(wanted) if accelerator else [(arm, [seed]) for arm, seed in wanted]
    # The longest runs first, so that no process waits long for the last one.
    longest_first = sorted(units, key=lambda unit: -_length(*unit))
    # Not joblib.Parallel, which runs a single job within this process, where a crash would be ours.
    executor = worker_processes(jobs, accelerator=accelerator)
    try:
        with interrupts_for_this_process_only():
            futures = [
                executor.submit(_execute, arm, seeds, store.folder, notes, os.getpid())
                for arm, seeds in longest_first
            ]
        for future in as_completed(futures):
            yield from future.result()
    finally:
        # Idle processes would keep their memory, busy ones their cores.
        executor.shutdown(wait=True, kill_workers=True)


def has_accelerator() -> bool:
    """Whether JAX would train on a GPU here; found out without loading JAX."""
    plugins = find_spec("jax_plugins")
    folders = plugins.submodule_search_locations if plugins else None
    installed = [plugin.name for plugin in iter_modules(folders or [])]
    wanted = os.environ.get("JAX_PLATFORMS", "cuda")
    return (
        any(name.startswith("xla_cuda") for name in installed)
        and NVIDIA_DRIVER.exists()
        and ("cuda" in wanted or "gpu" in wanted)
    )


def _by_arm(wanted: Sequence[PlannedRun]) -> list[tuple[Arm, list[int]]]:
    seeds: dict[Arm, list[int]] = {}
    for arm, seed in wanted:
        seeds.setdefault(arm, []).append(seed)
    return list(seeds.items())


def _execute(
    arm: Arm, seeds: Sequence[int], folder: Path, notes: Path, parent: int
) -> list[tuple[str, FailedRun | None]]:
    """Keep an unexpected error in one arm's runs from ending all others."""
    try:
        return [(key, None) for key in execute(arm, seeds, folder, notes, parent)]
    except ConvbiasError:
        raise  # missing data and a full disk concern every run
    except Exception:  # noqa: BLE001 - reported with its traceback by whoever started the sweep
        account = traceback.format_exc()
        store = Store(folder)
        return [
            (
                run_key(arm, seed),
                None if store.path(arm, seed).exists() else FailedRun(arm, seed, account),
            )
            for seed in seeds
        ]


def _length(arm: Arm, seeds: Sequence[int]) -> int:
    """Roughly how long an arm trains, to order them: epochs, times what grows with the kernel."""
    span = arm.model.span if isinstance(arm.model, Convolutional) else 0
    return len(seeds) * arm.recipe.epochs * (1 + span)


@contextmanager
def interrupts_for_this_process_only() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: it is this process that ends them.

    A terminal interrupts the whole group of processes; processes that are only being started
    would each print a traceback. What is blocked stays so in those that are started meanwhile.
    """
    # Python 3.11 unblocks interrupts when it starts this helper of its own, so that comes first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
