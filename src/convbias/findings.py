"""From the runs of an experiment to its evaluated contrasts, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from convbias.config import DataVariant
from convbias.errors import InputError
from convbias.experiments.base import Experiment, PlannedContrast, Quantity
from convbias.run import Run
from convbias.statistics import (
    Contrast,
    Interval,
    crossed_bootstrap,
    holm_over,
    paired_contrast,
)
from convbias.wording import says, where


@dataclass(frozen=True)
class Finding:
    """A planned contrast, evaluated on stored runs.

    Args:
        planned: What was asked.
        data: What both arms trained on; None where one of them has no run.
        result: The evaluated contrast after Holm's correction over the experiment's contrasts;
            None where no seed was finished by both arms.
        on_distribution: Interval of the same difference over new test images as well as new
            seeds; None where per-image results are missing or there are fewer than three pairs.
        seeds: Seeds that both arms finished, ascending.
        unpaired: Keys of finished runs whose seed the other arm has not finished.
        diverged: Keys of the two arms' runs that diverged and are therefore in no number.
        runs: Keys of the runs behind the numbers.
    """

    planned: PlannedContrast
    data: DataVariant | None
    result: Contrast | None
    on_distribution: Interval | None
    seeds: tuple[int, ...]
    unpaired: tuple[str, ...]
    diverged: tuple[str, ...]
    runs: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was found, in one sentence with its numbers."""
        if self.result is None:
            return (
                f"Nothing can be said yet about {self.planned.treatment} against"
                f" {self.planned.baseline}: no seed was finished by both."
            )
        return where(self.data) + says(self.planned, self.result)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know beside the sentence, one sentence each."""
        remarks = []
        if self.result is not None and self.result.limit is not None:
            remarks.append(self.result.limit)
        if self.diverged:
            remarks.append(
                f"Diverged and left out, which may flatter the arm: {', '.join(self.diverged)}."
            )
        if self.unpaired:
            remarks.append(
                f"Finished by only one of the two arms and left out: {', '.join(self.unpaired)}."
            )
        return tuple(remarks)


def evaluate(experiment: Experiment, runs: Iterable[Run]) -> list[Finding]:
    """Evaluate the primary contrasts of an experiment.

    Runs are paired by seed. Holm's correction covers those contrasts that have any pair.

    Args:
        experiment: Whose contrasts; runs of other arms are ignored.
        runs: Of one study: one description per arm.

    Returns:
        One finding per planned contrast, in the experiment's order.

    Raises:
        InputError: Two descriptions share an arm's name, a run occurs twice, the two arms of a
            contrast differ in their data, or a run was not scored on the test set.
    """
    arms = runs_by_arm(runs)
    pairs = [
        _Pairs(planned, arms.get(planned.treatment, {}), arms.get(planned.baseline, {}))
        for planned in experiment.contrasts
    ]
    corrected = iter(holm_over([pair.contrast() for pair in pairs if pair.seeds]))
    return [pair.finding(next(corrected) if pair.seeds else None) for pair in pairs]


def runs_by_arm(runs: Iterable[Run]) -> dict[str, dict[int, Run]]:
    """Sort the runs of one study by arm name and seed.

    Args:
        runs: Of one study.

    Returns:
        Arm name to seed to run, seeds ascending, diverged runs included.

    Raises:
        InputError: Two descriptions share an arm's name, or a run occurs twice.
    """
    arms: dict[str, dict[int, Run]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        of_arm = arms.setdefault(run.arm_name, {})
        other = next(iter(of_arm.values()), run)
        if other.arm_hash != run.arm_hash:
            raise InputError(
                f"the runs {other.key} and {run.key} are both called {run.arm_name}, but differ in"
                f" {_differing_parts(other, run)}",
                "the runs of one study, with one description per arm",
                "choose the runs of one data variant and one recipe",
            )
        if run.seed in of_arm:
            raise InputError(
                f"the run {run.key} occurs twice", "each run once", "read each folder of runs once"
            )
        of_arm[run.seed] = run
    return arms


def _differing_parts(first: Run, second: Run) -> str:
    parts = ("data", "model", "recipe")
    return " and ".join(
        part for part in parts if getattr(first.arm, part) != getattr(second.arm, part)
    )


class _Pairs:
    """The runs of a contrast's two arms, and the seeds that both finished."""

    def __init__(
        self, planned: PlannedContrast, treatment: Mapping[int, Run], baseline: Mapping[int, Run]
    ) -> None:
        self.planned = planned
        self.present = bool(treatment and baseline)
        self.all_runs = [*treatment.values(), *baseline.values()]
        _check_same_data(self.all_runs)
        finished = [finished_seeds(arm) for arm in (treatment, baseline)]
        self.seeds = tuple(sorted(finished[0] & finished[1]))
        self.treatment = [treatment[seed] for seed in self.seeds]
        self.baseline = [baseline[seed] for seed in self.seeds]

    def contrast(self) -> Contrast:
        return paired_contrast(
            [score(run, self.planned.quantity) for run in self.treatment],
            [score(run, self.planned.quantity) for run in self.baseline],
            margin=self.planned.margin,
            higher_is_better=self.planned.higher_is_better,
        )

    def on_distribution(self) -> Interval | None:
        treatment, baseline = (
            [per_image_scores(run, self.planned.quantity) for run in arm]
            for arm in (self.treatment, self.baseline)
        )
        if any(scores is None for scores in (*treatment, *baseline)) or not self.seeds:
            return None
        return crossed_bootstrap(np.array(treatment), np.array(baseline))

    def finding(self, result: Contrast | None) -> Finding:
        return Finding(
            planned=self.planned,
            data=self.all_runs[0].arm.data if self.present else None,
            result=result,
            on_distribution=self.on_distribution(),
            seeds=self.seeds,
            unpaired=tuple(
                run.key
                for run in self.all_runs
                if run.status == "finished" and run.seed not in self.seeds
            ),
            diverged=tuple(run.key for run in self.all_runs if run.status == "diverged"),
            runs=tuple(run.key for run in (*self.treatment, *self.baseline)),
        )


def finished_seeds(runs: Mapping[int, Run]) -> set[int]:
    """The seeds with which an arm finished."""
    return {seed for seed, run in runs.items() if run.status == "finished"}


def _check_same_data(runs: list[Run]) -> None:
    for run in runs[1:]:
        if (run.arm.data, run.data_checksum) != (runs[0].arm.data, runs[0].data_checksum):
            raise InputError(
                f"the runs {runs[0].key} and {run.key} were not trained on the same data",
                "one data variant and one data checksum for both arms of a contrast",
                "compare arms of one study; train again what used other data files",
            )


def score(run: Run, quantity: Quantity) -> float:
    """The test accuracy (0 to 1) or test loss (nats per image) of a finished run.

    Raises:
        InputError: The run was scored on validation images only.
    """
    if run.test is None:
        raise InputError(
            f"the run {run.key} has no test scores",
            "runs that are scored on the test set",
            "searches are scored on validation images only; evaluate the study's own runs",
        )
    return run.test.accuracy if quantity == "test_accuracy" else run.test.loss


def per_image_scores(run: Run, quantity: Quantity) -> np.ndarray | None:
    """Correctness (boolean) or loss (float16) of every test image, shape (n,)."""
    if run.per_image is None:
        return None
    return run.per_image.correct if quantity == "test_accuracy" else run.per_image.loss
