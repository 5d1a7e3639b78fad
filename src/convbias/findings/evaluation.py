"""Evaluate the planned contrasts of an experiment on its stored runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from convbias.errors import InputError
from convbias.findings.rate_sensitivity import RateStep, rate_steps
from convbias.findings.results import ConditionRun, Results
from convbias.findings.wording import says, where
from convbias.runs.record import Run
from convbias.spec.arms import Arm, DataVariant
from convbias.spec.beyond.arms import Task
from convbias.spec.experiment import Experiment, PlannedContrast
from convbias.spec.looks import latest_look
from convbias.spec.preregistration import registered_contrast
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.statistics import Contrast, holm_over, paired_contrast, sequential_contrast

# Names of quantities that are test scores; all others are measures.
SCORES = (TEST_ACCURACY.name, TEST_LOSS.name)


@dataclass(frozen=True)
class Finding:
    """A planned contrast, evaluated on stored runs.

    Args:
        planned: the planned contrast.
        data: the training data of both arms; None if one of them has no run.
        contrast: The evaluated contrast after Holm's correction over the experiment's contrasts;
            None where no seed was finished by both arms.
        seeds: Seeds that both arms finished, ascending.
        unpaired: Keys of finished runs whose seed the other arm has not finished.
        diverged: Keys of the two arms' runs that diverged and are therefore in no number.
        runs: Keys of the runs behind the numbers.
        seen_before: Seeds that both arms had finished before the contrast was fixed, and that are
            therefore in no number; empty where there are no others, and the contrast is
            exploratory.
        rate_steps: The two arms at neighbouring learning rates; None where nothing is known of it.
    """

    planned: PlannedContrast
    data: DataVariant | Task | None
    contrast: Contrast | None
    seeds: tuple[int, ...]
    unpaired: tuple[str, ...]
    diverged: tuple[str, ...]
    runs: tuple[str, ...]
    seen_before: tuple[int, ...] = ()
    rate_steps: tuple[RateStep, ...] | None = None

    @property
    def sentence(self) -> str:
        """What was found, in one sentence with its numbers."""
        if self.contrast is None:
            return (
                f"Nothing can be said yet about {self.planned.treatment} against"
                f" {self.planned.baseline}: no seed was finished by both."
            )
        return where(self.data) + says(self.planned, self.contrast)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Limits of the result: too few pairs, diverged or unpaired runs, what was seen before."""
        remarks = []
        if self.contrast is not None and self.contrast.exploratory:
            remarks.append(
                "The contrast was added after these runs had been trained, so only new seeds can"
                " decide it."
            )
        if self.seen_before:
            seeds = ", ".join(map(str, self.seen_before))
            remarks.append(f"Trained before the contrast was fixed and excluded: seeds {seeds}.")
        if self.contrast is not None and self.contrast.limit is not None:
            remarks.append(self.contrast.limit)
        if self.diverged:
            remarks.append(
                f"Diverged and excluded, which may favour the arm: {', '.join(self.diverged)}."
            )
        if self.unpaired:
            remarks.append(
                f"Finished by only one of the two arms and excluded: {', '.join(self.unpaired)}."
            )
        return tuple(remarks)


def evaluate(experiment: Experiment, runs: Iterable[ConditionRun]) -> list[Finding]:
    """Evaluate the primary contrasts of an experiment.

    Runs are paired by seed. A contrast is judged by the seeds of which at least one arm was trained
    after it had been fixed; if there is none, it is exploratory. Holm's correction covers those
    contrasts that have any pair and are not exploratory. Where the experiment is judged at several
    looks, each contrast has the pairs of its latest one.

    Args:
        experiment: the experiment; runs of other arms are ignored.
        runs: the runs of one study, with one arm per condition.

    Returns:
        One finding per planned contrast, in the experiment's order.

    Raises:
        InputError: Two descriptions share an arm's name, a run occurs twice, the two arms of a
            contrast differ in their data by more than the experiment changes on purpose, or a run
            was not scored on the test set.
    """
    arms = runs_by_arm(runs)
    pairs = [_planned_pairs(experiment, planned, arms) for planned in experiment.contrasts]
    contrasts = [pair.contrast() if pair.seeds else None for pair in pairs]
    corrected = iter(holm_over([each for each in contrasts if each and not each.exploratory]))
    return [
        pair.finding(planned, next(corrected) if each and not each.exploratory else each)
        for planned, pair, each in zip(experiment.contrasts, pairs, contrasts, strict=True)
    ]


def _planned_pairs(
    experiment: Experiment,
    planned: PlannedContrast,
    arms: Mapping[str, Mapping[int, ConditionRun]],
) -> _Pairs:
    treatment, baseline = arms.get(planned.treatment, {}), arms.get(planned.baseline, {})
    changed = experiment.changed_fields(planned.treatment, planned.baseline)
    seen = [
        seed
        for seed in treatment.keys() & baseline.keys()
        if _seen_before(experiment.name, planned, treatment[seed], baseline[seed])
    ]
    return _Pairs(treatment, baseline, planned.quantity, changed, seen, experiment.looks)


def _seen_before(
    experiment: str, planned: PlannedContrast, treatment: ConditionRun, baseline: ConditionRun
) -> bool:
    """Whether both runs had been trained, and their difference known, before it was planned."""
    contrast = registered_contrast(planned, treatment.arm, baseline.arm)
    return treatment.misses(experiment, contrast) and baseline.misses(experiment, contrast)


def evaluated(findings: Iterable[Finding]) -> dict[str, Contrast]:
    """Name to contrast of the findings that have runs.

    Args:
        findings: from `evaluate`.
    """
    return {each.planned.name: each.contrast for each in findings if each.contrast}


def compared(
    results: Results, treatment: str, baseline: str, quantity: Quantity
) -> Contrast | None:
    """Compare two conditions of an experiment, apart from its planned contrasts.

    Args:
        results: the stored runs of the experiment.
        treatment: condition that may be better.
        baseline: condition that it is compared with.
        quantity: the compared quantity.

    Returns:
        The contrast, uncorrected; None where no seed was finished by both.
    """
    arms = runs_by_arm(results.runs)
    changed = results.experiment.changed_fields(treatment, baseline)
    pairs = _Pairs(arms.get(treatment, {}), arms.get(baseline, {}), quantity, changed)
    return pairs.contrast() if pairs.seeds else None


def runs_by_arm(runs: Iterable[ConditionRun]) -> dict[str, dict[int, ConditionRun]]:
    """Sort the runs of one study by arm name and seed.

    Args:
        runs: the runs of one study.

    Returns:
        Arm name to seed to run, seeds ascending, diverged runs included.

    Raises:
        InputError: Two descriptions share an arm's name, or a run occurs twice.
    """
    arms: dict[str, dict[int, ConditionRun]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        of_arm = arms.setdefault(run.condition, {})
        other = next(iter(of_arm.values()), run)
        if other.arm_hash != run.arm_hash:
            raise InputError(
                f"the runs {other.key} and {run.key} are both called {run.condition}, but differ in"
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
        self,
        treatment: Mapping[int, ConditionRun],
        baseline: Mapping[int, ConditionRun],
        quantity: Quantity,
        changed: Collection[str],
        seen_before: Collection[int] = (),
        looks: tuple[int, ...] = (),
    ) -> None:
        self.quantity = quantity
        self.looks = looks
        self.present = bool(treatment and baseline)
        self.all_runs = [*treatment.values(), *baseline.values()]
        self.changed = changed
        _check_same_data(self.all_runs, changed)
        finished = [_measured_seeds(arm, quantity) for arm in (treatment, baseline)]
        self.paired = shared = finished[0] & finished[1]
        self.exploratory = bool(shared) and shared <= set(seen_before)
        self.seen_before = () if self.exploratory else tuple(sorted(shared & set(seen_before)))
        judged = sorted(shared - set(self.seen_before))
        self.seeds = tuple(judged[: latest_look(len(judged), looks)])
        self.treatment = [treatment[seed] for seed in self.seeds]
        self.baseline = [baseline[seed] for seed in self.seeds]

    def contrast(self) -> Contrast:
        compare = partial(sequential_contrast, looks=self.looks) if self.looks else paired_contrast
        contrast = compare(
            [score(run, self.quantity) for run in self.treatment],
            [score(run, self.quantity) for run in self.baseline],
            margin=self.quantity.margin,
            higher_is_better=self.quantity.higher_is_better,
            of_images=self._scores_of_images(),
        )
        return replace(
            contrast,
            shifts=tuple(step.shift for step in self._rate_steps() or ()),
            exploratory=self.exploratory,
        )

    def _rate_steps(self) -> tuple[RateStep, ...] | None:
        """Of both arms; None where nothing is known of it, or an arm has no run."""
        if not self.seeds:
            return None
        treatment, baseline = self.treatment[0].arm, self.baseline[0].arm
        if not (isinstance(treatment, Arm) and isinstance(baseline, Arm)):
            return None  # rates of other data are chosen within each run
        return rate_steps(treatment, baseline, self.quantity)

    def _scores_of_images(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Of both arms, (seeds, images); None where they are not known of every run."""
        treatment, baseline = (
            [per_image_scores(run, self.quantity) for run in arm]
            for arm in (self.treatment, self.baseline)
        )
        if any(scores is None for scores in (*treatment, *baseline)):
            return None
        return np.array(treatment), np.array(baseline)

    def finding(self, planned: PlannedContrast, contrast: Contrast | None) -> Finding:
        return Finding(
            planned=planned,
            data=_shared_data(self.all_runs[0], self.changed) if self.present else None,
            contrast=contrast,
            seeds=self.seeds,
            unpaired=tuple(
                run.key
                for run in self.all_runs
                if run.status == "finished" and run.seed not in self.paired
            ),
            diverged=tuple(run.key for run in self.all_runs if run.status == "diverged"),
            runs=tuple(run.key for run in (*self.treatment, *self.baseline)),
            seen_before=self.seen_before,
            rate_steps=self._rate_steps(),
        )


def finished_seeds(runs: Mapping[int, Run]) -> set[int]:
    """The seeds with which an arm finished."""
    return {seed for seed, run in runs.items() if run.status == "finished"}


def _measured_seeds(runs: Mapping[int, Run], quantity: Quantity) -> set[int]:
    return {seed for seed in finished_seeds(runs) if is_measured(runs[seed], quantity)}


def _shared_data(run: Run, changed: Collection[str]) -> DataVariant | Task:
    """A run's data without what the experiment changes from condition to condition."""
    data = run.arm.data if isinstance(run.arm, Arm) else run.arm.task
    kept = {name: value for name, value in data if name not in changed}
    return type(data).model_validate(kept)


def _check_same_data(runs: list[ConditionRun], changed: Collection[str]) -> None:
    shared = [(_shared_data(run, changed), run.data_checksum) for run in runs]
    for run, of_run in zip(runs, shared, strict=True):
        if of_run != shared[0]:
            raise InputError(
                f"the runs {runs[0].key} and {run.key} were not trained on the same data",
                "one data variant and one data checksum for both arms of a contrast",
                "compare arms of one study; train again what used other data files",
            )


def is_measured(run: Run, quantity: Quantity) -> bool:
    """Whether a finished run has the quantity; test scores count as measured."""
    return quantity.name in SCORES or quantity.name in run.measures


def score(run: Run, quantity: Quantity) -> float:
    """What a finished run scored: test accuracy (0 to 1), test loss (nats per image), or a measure.

    Raises:
        InputError: The run was scored on validation images only, or was not measured.
    """
    if quantity.name not in SCORES:
        if quantity.name not in run.measures:
            raise InputError(
                f"the run {run.key} has no {quantity.noun}",
                f"the measure {quantity.name!r} of it",
                "run the experiment again: it measures what is not measured yet",
            )
        return run.measures[quantity.name]
    if run.test is None:
        raise InputError(
            f"the run {run.key} has no test scores",
            "runs that are scored on the test set",
            "searches are scored on validation images only; evaluate the study's own runs",
        )
    return run.test.accuracy if quantity.name == TEST_ACCURACY.name else run.test.loss


def per_image_scores(run: Run, quantity: Quantity) -> np.ndarray | None:
    """Correctness (boolean) or loss (float16) of every test image (n,); None of measures."""
    if run.per_image is None or quantity.name not in SCORES:
        return None
    return run.per_image.correct if quantity.name == TEST_ACCURACY.name else run.per_image.loss
