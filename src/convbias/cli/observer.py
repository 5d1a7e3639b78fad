"""Print what happens while runs are trained and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType

from convbias.cli.console import is_screen, messages, results, warn
from convbias.cli.interim import InterimContrasts
from convbias.cli.live import LiveProgress, duration
from convbias.cli.measuring import MeasuringProgress
from convbias.experiments.execution import plan_study
from convbias.runs.failures import Failed, failed_name, failure_path
from convbias.runs.measure_networks import FailedMeasurement
from convbias.runs.observer import MeasuringPlan, Observer, TrainingPlan
from convbias.runs.progress import Progress
from convbias.runs.store import Store
from convbias.runs.sweep import SweepResult
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.names import arm_names
from convbias.spec.study import PlannedRun, Study


class ConsoleObserver(Observer):
    """Prints the events of training and measuring.

    Use it as a context around the work, so that the terminal is restored when an error ends the
    work, and Ctrl-C says how many runs are stored.

    Args:
        planned: the planned runs.
        store: where they are stored.
        study: the study that they are of; its contrasts are shown as they stand.
        jobs: number of processes; one per core by default.
        on_seed: called whenever a run of the study was stored; `wanted` says whether an experiment
            has now every run of a seed.
    """

    def __init__(
        self,
        planned: Sequence[PlannedRun],
        store: Store,
        study: Study | None = None,
        jobs: int | None = None,
        on_seed: Callable[..., object] = lambda **_: None,
    ) -> None:
        self._planned = planned
        self._names = arm_names(arm for arm, _ in planned)
        self._store = store
        self._study = study
        self._jobs = jobs
        self._on_seed = on_seed
        self._interim = InterimContrasts(study, store) if study else None
        self._live: LiveProgress | None = None
        self._measuring: MeasuringProgress | None = None

    def __enter__(self) -> ConsoleObserver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()
        if isinstance(error, KeyboardInterrupt):
            stored = sum(self._store.path(arm, seed).exists() for arm, seed in self._planned)
            messages().print(
                f"{stored} of {len(self._planned)} runs are stored in {self._store.folder}."
            )

    def training_starts(self, plan: TrainingPlan) -> None:
        """Print how much is to be trained, and start to show progress."""
        folder = self._store.folder
        for each in plan.quarantined:
            warn(f"{each.error.what}; moved to {each.moved_to} and trained again")
        if not plan.missing:
            results().print(f"All {plan.planned} runs are stored in {folder}; nothing to train.")
            return
        path_by_key = {
            path.stem: path for path in (self._store.path(*each) for each in plan.missing)
        }
        after = plan_study(self._study, self._store).measuring_seconds if self._study else None
        self._live = LiveProgress(
            results(),
            plan,
            self._names,
            lambda key: path_by_key[key].exists(),
            screen=is_screen(),
            below=self._interim.table if self._interim else lambda: None,
            seconds_after=after(self._jobs) if after and plan.costs else 0.0,
        )
        left = self._live.seconds_left()
        results().print(
            f"{plan.planned} runs planned, {plan.planned - len(plan.missing)} stored in {folder},"
            f" {len(plan.missing)} to train in {processes(plan.processes)}"
            + (f", about {duration(left)}" if left is not None else "")
        )
        self._live.start()

    def epoch_finished(self, progress: Progress) -> None:
        """Show how far a run is."""
        if self._live is not None:
            self._live.update(progress)

    def waits(self, reason: str) -> None:
        """Say what is waited for."""
        warn(reason)

    def run_stored(self, arm: AnyArm, seed: int) -> None:
        """Show its result, where there is no screen, and the contrasts as they stand."""
        run = self._store.read(arm, seed)
        if self._live is not None and run is not None:
            self._live.stored(run)
        if self._interim is not None:
            complete = self._interim.update(arm, seed)
            lines = () if is_screen() else map(self._interim.line, complete)
            for line in filter(None, lines):
                results().print(line, soft_wrap=True)
            self._on_seed(wanted=bool(complete))

    def training_finished(self, result: SweepResult) -> None:
        """Name the runs that failed."""
        self._stop()
        self._print_failed(result.failures)
        self._on_seed(wanted=False)

    def measuring_starts(self, plan: MeasuringPlan) -> None:
        """Name the runs that cannot be measured, and start to show progress."""
        for name, keys in plan.without_network.items():
            warn(
                f"{len(keys)} runs of {name} cannot be measured, because their networks are not"
                f" stored: {', '.join(keys)}"
            )
        if plan.missing:
            self._measuring = MeasuringProgress(results(), plan, screen=is_screen())
            self._measuring.start()

    def measured(self, count: int) -> None:
        """Show how many measurements are taken."""
        if self._measuring is not None:
            self._measuring.update(count)

    def measuring_finished(self, failures: Sequence[FailedMeasurement]) -> None:
        """Name the measurements that failed."""
        self._stop()
        self._print_failed(failures)

    def _stop(self) -> None:
        for shown in (self._live, self._measuring):
            if shown is not None:
                shown.stop()
        self._live = self._measuring = None

    def _print_failed(self, failures: Sequence[Failed]) -> None:
        for failure in failures:
            reason = failure.traceback.strip().splitlines()[-1]
            messages().print(
                f"{failed_name(failure, self._names)} failed: {reason}\n"
                f"  traceback: {failure_path(failure, self._store)}",
                style="red",
                soft_wrap=True,
            )


def processes(count: int) -> str:
    """A number of processes in words."""
    return "1 process" if count == 1 else f"{count} processes"
