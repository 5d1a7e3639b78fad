"""Train the planned runs that are not stored, in parallel.

On a CPU a unit of work is one run: its numbers do not depend on other runs, and parallel seeds use
the cores better than one training with many threads. On an accelerator it is an arm with all
missing seeds, which train at once.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from convbias.errors import ConvbiasError, RunError
from convbias.runs.engines.base import ATTEMPTS, Engine, Lost, Report, Work, run_all
from convbias.runs.engines.local import Local
from convbias.runs.leftovers import clear_leftovers, in_use
from convbias.runs.progress import Progress
from convbias.runs.record import run_key
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.worker import execute
from convbias.spec.arms import Convolutional
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.study import PlannedRun

Execute = Callable[[AnyArm, Sequence[int], Path, Report, str | None], list[str]]


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
    engine: Engine | None = None,
    on_waiting: Callable[[str], object] = lambda _: None,
) -> SweepResult:
    """Train every planned run that is not stored.

    An interruption loses only the runs in progress; another call trains the missing ones.

    Args:
        planned: Arms and seeds, in the order in which they are trained; on an accelerator, which
            trains all seeds of an arm at once, the longest arms are first.
        store: Holds the stored runs and receives new ones.
        jobs: Most units of work at the same time; by default as many as the engine has room for.
        on_progress: Called from another thread when a run starts or finishes an epoch.
        on_stored: Called from this thread when a run was stored.
        preregistration: `Preregistration.hash` of what was fixed before, for the runs' records.
        engine: Where they are trained; by default in processes of this machine.
        on_waiting: Called with what is waited for, where nothing is trained.

    Raises:
        ConvbiasError: The data is missing, or the runs cannot be stored.
        RunError: Processes died repeatedly.
    """
    engine = engine or Local()
    clear_leftovers(store.folder)
    wanted, quarantined = missing(planned, store)
    by_key = {run_key(*run): run for run in wanted}
    ended: dict[str, FailedRun | None] = {}

    def note(results: Iterable[tuple[str, FailedRun | None]]) -> None:
        for key, failure in results:
            if key in ended:
                continue
            ended[key] = failure
            if failure is None and on_stored is not None:
                on_stored(*by_key[key])

    def again(work: Work) -> list[Work]:
        """What is not stored, with half of the seeds at a time: the memory may be too small."""
        _, arm, seeds, _ = work.arguments
        note([(run_key(arm, seed), None) for seed in seeds if store.path(arm, seed).exists()])
        rest = [seed for seed in seeds if run_key(arm, seed) not in ended]
        if len(rest) == len(seeds) == 1:
            return [work]
        half = (len(rest) + 1) // 2
        return [_unit(arm, part, preregistration) for part in (rest[:half], rest[half:]) if part]

    def given_up(lost: Lost) -> RunError:
        return RunError(
            f"{lost.reason} {ATTEMPTS} times before {_runs_of(lost)} was finished; of"
            f" {len(wanted)} runs {len(wanted) - len(ended)} are still to be trained",
            "enough memory for every process",
            "use fewer processes with --jobs; finished runs are stored",
        )

    if wanted:
        works = [_unit(arm, seeds, preregistration) for arm, seeds in _units(wanted, engine)]
        processes = engine.processes(len(works), jobs)
        opened = engine.open(store.folder, processes, on_progress, accelerator=engine.accelerator)
        with in_use(store.folder):
            run_all(opened, works, note, again, given_up, on_waiting)
    return SweepResult(
        trained=tuple(key for key, failure in ended.items() if failure is None),
        failures=tuple(failure for failure in ended.values() if failure is not None),
        quarantined=quarantined,
    )


def count_units(wanted: Sequence[PlannedRun], engine: Engine) -> int:
    """In how many units of work runs are trained.

    Args:
        wanted: The runs.
        engine: Where they are trained.
    """
    return len(_units(wanted, engine))


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


def _units(wanted: Sequence[PlannedRun], engine: Engine) -> list[tuple[AnyArm, list[int]]]:
    if engine.accelerator:
        # The longest first, so that no process waits long for the last one.
        return sorted(_by_arm(wanted), key=lambda unit: -len(unit[1]) * relative_length(unit[0]))
    return [(arm, [seed]) for arm, seed in wanted]


def _unit(arm: AnyArm, seeds: Sequence[int], preregistration: str | None) -> Work:
    return Work(_train_arm, (execute, arm, seeds, preregistration), arms=(arm,))


def _runs_of(lost: Lost) -> str:
    """The run that was lost, where it is known which."""
    if len(lost.works) > 1:
        return "any run"
    _, arm, seeds, _ = next(iter(lost.works)).arguments
    return f"{arm.name} with seed {', '.join(map(str, seeds))}"


def _by_arm(wanted: Sequence[PlannedRun]) -> list[tuple[AnyArm, list[int]]]:
    seeds: dict[AnyArm, list[int]] = {}
    for arm, seed in wanted:
        seeds.setdefault(arm, []).append(seed)
    return list(seeds.items())


def _train_arm(
    folder: Path,
    report: Report,
    execute: Execute,
    arm: AnyArm,
    seeds: Sequence[int],
    preregistration: str | None,
) -> list[tuple[str, FailedRun | None]]:
    """Train in this process; an unexpected error must not end other arms' runs."""
    try:
        keys = execute(arm, seeds, folder, report, preregistration)
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
