"""Table of all arms by accuracy, loss, size, memory and generalisation gap."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from convbias.figures import Arms, arm_data, finished_arms
from convbias.findings.claims.published import published
from convbias.findings.evaluation import score
from convbias.findings.results import ConditionRun
from convbias.report.classes import balancing_weights, unbalanced
from convbias.spec.datasets import DatasetName, is_own
from convbias.spec.experiment import Experiment
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from convbias.statistics import Summary, summarise


@dataclass(frozen=True)
class Measure:
    """A row of the comparison.

    Args:
        column: name in the run table.
        title: heading of the row.
        unit: unit of the printed numbers.
        digits: digits after the decimal point.
        badness: maps a mean to a number that is lowest for the best mean.
        of: the value of a finished run, in `unit`; None where the run does not have it.
    """

    column: str
    title: str
    unit: str
    digits: int
    badness: Callable[[float], float]
    of: Callable[[ConditionRun], float | None]

    def written(self, value: float) -> str:
        """Write a value with the row's digits."""
        return f"{value:,.{self.digits}f}"


def _measure(name: str, factor: float) -> Callable[[ConditionRun], float | None]:
    return lambda run: factor * run.measures[name] if name in run.measures else None


_KILOBYTE = 1e-3  # kilobytes per byte

MEASURES = (
    Measure(
        "test_accuracy",
        "Test accuracy",
        "%",
        2,
        operator.neg,
        lambda run: 100 * score(run, TEST_ACCURACY),
    ),
    Measure(
        "test_loss",
        "Test loss",
        "nats per image",
        3,
        operator.pos,
        lambda run: score(run, TEST_LOSS),
    ),
    Measure("parameters", "Trainable parameters", "", 0, operator.pos, _measure("parameters", 1)),
    Measure(
        "network_file_bytes",
        "Size on disk",
        "kB",
        0,
        operator.pos,
        _measure("network_file_bytes", _KILOBYTE),
    ),
    Measure(
        "parameter_bytes",
        "In memory: parameters",
        "kB",
        0,
        operator.pos,
        _measure("parameter_bytes", _KILOBYTE),
    ),
    Measure(
        "training_state_bytes",
        "In memory: with Adam's state",
        "kB",
        0,
        operator.pos,
        _measure("training_state_bytes", _KILOBYTE),
    ),
    Measure(
        "train_validation_gap",
        "Training minus validation accuracy",
        "percentage points",
        2,
        abs,
        _measure("train_validation_gap", 100),
    ),
)


@dataclass(frozen=True)
class Cell:
    """One arm in one measure.

    Args:
        arm: name of the arm.
        summary: summary over its finished runs; None where none has the measure.
        best: whether its mean is the best of the row.
        published: the published numbers as text; empty where there are none.
    """

    arm: str
    summary: Summary | None
    best: bool
    published: str

    def mean(self, measure: Measure) -> str:
        """Write the mean."""
        return measure.written(self.summary.mean) if self.summary else "not measured"

    def interval(self, measure: Measure) -> str:
        """Write the 95 % interval of the mean; empty for one run, or if both ends read the same."""
        if self.summary is None or self.summary.interval is None:
            return ""
        low, high = (measure.written(end) for end in self.summary.interval.ends)
        return "" if low == high else f"{low} to {high}"


def _balanced(labels: np.ndarray) -> Measure:
    weights = balancing_weights(labels)

    def of(run: ConditionRun) -> float | None:
        found = run.per_image
        return None if found is None else 100 * float((found.correct * weights).mean())

    return Measure(
        "balanced_accuracy", "Balanced test accuracy", "mean over classes, %", 2, operator.neg, of
    )


def comparison(
    experiment: Experiment, runs: Iterable[ConditionRun], labels: np.ndarray | None = None
) -> list[tuple[Measure, list[Cell]]]:
    """Compare the arms of an experiment measure by measure.

    Args:
        experiment: the experiment.
        runs: runs of one study; diverged runs are omitted.
        labels: int (n,), the classes of the test images; where they differ in size, balanced
            accuracy is a measure, too.

    Returns:
        Measure, and one cell per arm with a finished run in the experiment's order.

    Raises:
        InputError: no run of the experiment is finished, or a run has no test scores.
    """
    arms = finished_arms(experiment, runs)
    first, *others = MEASURES
    balanced = [] if labels is None or not unbalanced(labels) else [_balanced(labels)]
    rows = []
    for measure in (first, *balanced, *others):
        summaries = {arm: _summary(measure, of_arm) for arm, of_arm in arms.items()}
        badness = {
            arm: measure.badness(summary.mean) for arm, summary in summaries.items() if summary
        }
        least = min(badness.values(), default=None)
        cells = [
            Cell(
                arm=arm,
                summary=summary,
                # A single arm has nothing to be compared with.
                best=len(badness) > 1 and badness.get(arm) == least,
                published="" if is_own(_dataset(arms)) else _published(measure, arm),
            )
            for arm, summary in summaries.items()
        ]
        rows.append((measure, cells))
    return rows


def _dataset(arms: Arms) -> DatasetName:
    return arm_data(arms).dataset


def _published(measure: Measure, arm: str) -> str:
    texts = [claim.published_text for claim in published(arm, measure.column)]
    if measure.unit != "kB":  # sizes were published in megabytes, so they keep their unit
        texts = [text.split(" ")[0] for text in texts]
    return ", ".join(texts)


def _summary(measure: Measure, runs: Sequence[ConditionRun]) -> Summary | None:
    values = [value for run in runs if (value := measure.of(run)) is not None]
    return summarise(values) if values else None


def comparison_table(
    experiment: Experiment, runs: Iterable[ConditionRun], labels: np.ndarray | None = None
) -> pd.DataFrame:
    """The comparison as a table of text.

    Args:
        experiment: the experiment.
        runs: runs of one study; diverged runs are omitted.
        labels: As for `comparison`.

    Returns:
        One row per measure, with its unit, and one column per arm: mean over seeds, 95 % interval
        in square brackets, and a star at the best mean.

    Raises:
        InputError: no run of the experiment is finished, or a run has no test scores.
    """
    rows = {
        f"{measure.title} ({measure.unit})" if measure.unit else measure.title: {
            cell.arm: _text(measure, cell) for cell in cells
        }
        for measure, cells in comparison(experiment, runs, labels)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _text(measure: Measure, cell: Cell) -> str:
    interval = cell.interval(measure)
    star = " ★" if cell.best else ""
    return cell.mean(measure) + (f" [{interval}]" if interval else "") + star


def comparison_records(rows: Sequence[tuple[Measure, list[Cell]]]) -> pd.DataFrame:
    """The comparison as numbers, one row per measure and arm, for a file.

    Args:
        rows: from `comparison`.

    Returns:
        Columns: measure, unit, arm, n, mean, sd, low, high (of the 95 % interval), best, published.
    """
    return pd.DataFrame(
        {
            "measure": measure.column,
            "unit": measure.unit,
            "arm": cell.arm,
            "n": cell.summary.n if cell.summary else 0,
            "mean": cell.summary.mean if cell.summary else None,
            "sd": cell.summary.sd if cell.summary else None,
            "low": cell.summary.interval.low if cell.summary and cell.summary.interval else None,
            "high": cell.summary.interval.high if cell.summary and cell.summary.interval else None,
            "best": cell.best,
            "published": cell.published or None,
        }
        for measure, cells in rows
        for cell in cells
    )
