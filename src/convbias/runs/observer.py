"""Events of training and measuring, for callers that show progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convbias.runs.cost import RunCost
from convbias.runs.measure_networks import FailedMeasurement, PlannedMeasurement
from convbias.runs.progress import Progress
from convbias.runs.sweep import Quarantined, SweepResult
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.study import PlannedRun


@dataclass(frozen=True)
class TrainingPlan:
    """What is about to be trained.

    Args:
        planned: number of planned runs.
        missing: the runs to train now; the others are stored.
        quarantined: damaged records that were moved away; their runs are among the missing ones.
        processes: number of processes that train; 0 when nothing is missing.
        costs: hash of each arm to what a run of it is predicted to cost on this machine's
            processor; empty where an accelerator trains, of which nothing is known.
    """

    planned: int
    missing: tuple[PlannedRun, ...]
    quarantined: tuple[Quarantined, ...]
    processes: int
    costs: Mapping[str, RunCost]


@dataclass(frozen=True)
class MeasuringPlan:
    """What is about to be measured.

    Args:
        missing: the measurements to take, in the order in which they are started.
        without_network: experiment to the keys of runs that cannot be measured, because their
            networks are not stored.
        processes: number of processes that measure; 0 when nothing is missing.
        seconds: what each measurement is predicted to cost on one core of this machine.
    """

    missing: tuple[PlannedMeasurement, ...]
    without_network: Mapping[str, Sequence[str]]
    processes: int
    seconds: tuple[float, ...]


class Observer:
    """Receives events; ignores every event whose method is not overridden.

    Example:
        >>> class Counter(Observer):
        ...     epochs = 0
        ...     def epoch_finished(self, progress):
        ...         self.epochs += 1
    """

    def training_starts(self, plan: TrainingPlan) -> None:
        """Missing runs were determined; training starts unless none is missing."""

    def epoch_finished(self, progress: Progress) -> None:
        """A run started (epoch 0) or finished an epoch; called from another thread."""

    def waits(self, reason: str) -> None:
        """Nothing is trained or measured at present; the reason says what is waited for."""

    def run_stored(self, arm: AnyArm, seed: int) -> None:
        """A run was stored, finished or diverged."""

    def training_finished(self, result: SweepResult) -> None:
        """No process trains any more, and every failure's traceback is stored."""

    def measuring_starts(self, plan: MeasuringPlan) -> None:
        """Missing measurements were determined; measuring starts unless none is missing."""

    def measured(self, count: int) -> None:
        """So many measurements were taken."""

    def measuring_finished(self, failures: Sequence[FailedMeasurement]) -> None:
        """No process measures any more, and every failure's traceback is stored."""
