"""Print what happens while runs are trained and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.progress import Progress as Bar

from convbias.cli.console import messages, results, warn
from convbias.cli.live import LiveProgress, duration
from convbias.runs.failures import Failed, failed_name, failure_path
from convbias.runs.measure_networks import FailedMeasurement
from convbias.runs.observer import Observer, TrainingPlan
from convbias.runs.progress import Progress
from convbias.runs.store import Store
from convbias.runs.sweep import SweepResult
from convbias.spec.names import arm_names
from convbias.spec.study import PlannedRun


class ConsoleObserver(Observer):
    """Prints the events of training and measuring.

    Use it as a context around the work, so that the terminal is restored when an error ends the
    work, and Ctrl-C says how many runs are stored.

    Args:
        planned: the planned runs.
        store: where they are stored.
    """

    def __init__(self, planned: Sequence[PlannedRun], store: Store) -> None:
        self._planned = planned
        self._names = arm_names(arm for arm, _ in planned)
        self._store = store
        self._live: LiveProgress | None = None
        self._bar: Bar | None = None

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
        self._live = LiveProgress(
            results(), plan, self._names, lambda key: path_by_key[key].exists()
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

    def training_finished(self, result: SweepResult) -> None:
        """Name the runs that failed."""
        self._stop()
        self._print_failed(result.failures)

    def measuring_starts(self, total: int, without_network: Mapping[str, Sequence[str]]) -> None:
        """Name the runs that cannot be measured, and start a progress bar."""
        for name, keys in without_network.items():
            warn(
                f"{len(keys)} runs of {name} cannot be measured, because their networks are not"
                f" stored: {', '.join(keys)}"
            )
        if total:
            results().print(f"{total} measurements to take")
            self._bar = Bar(console=results())
            self._bar.add_task("measuring", total=total)
            self._bar.start()

    def measured(self, count: int) -> None:
        """Move the progress bar."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=count)

    def measuring_finished(self, failures: Sequence[FailedMeasurement]) -> None:
        """Name the measurements that failed."""
        self._stop()
        self._print_failed(failures)

    def _stop(self) -> None:
        for shown in (self._live, self._bar):
            if shown is not None:
                shown.stop()
        self._live = self._bar = None

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
