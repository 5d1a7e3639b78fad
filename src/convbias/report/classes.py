"""Results by class as rows of text: balanced accuracy, and the recall of every class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from convbias.figures.arms import Arms, Labelled
from convbias.runs.record import Run
from convbias.spec.formatting import MISSING
from convbias.statistics import crossed_interval


@dataclass(frozen=True)
class ClassRow:
    """A class, or all of them, as a row of text.

    Args:
        name: the class.
        images: its test images.
        recalls: share of them that each arm classifies correctly, in percent, with the 95 %
            interval over seeds and test images where there is one.
    """

    name: str
    images: int
    recalls: tuple[str, ...]


def class_rows(arms: Arms, dataset: Labelled) -> list[ClassRow]:
    """Accuracy, balanced accuracy, and the recall of every class.

    Balanced accuracy is the mean of the classes' recalls (Brodersen et al. 2010,
    doi:10.1109/ICPR.2010.764): classes with few test images count as much as others.

    Args:
        arms: arm name to finished runs.
        dataset: whose test images they were scored on.

    Returns:
        A row for each class with test images, after those of accuracy and balanced accuracy.
    """
    labels = dataset.test_labels
    weights = balancing_weights(labels)
    correct = [_correct(runs) for runs in arms.values()]
    rows = [
        ClassRow("Accuracy", len(labels), tuple(_written(each) for each in correct)),
        ClassRow(
            "Balanced accuracy", len(labels), tuple(_written(each * weights) for each in correct)
        ),
    ]
    for label, name in enumerate(dataset.class_names):
        members = labels == label
        if members.any():
            recalls = tuple(_written(each[:, members]) for each in correct)
            rows.append(ClassRow(name, int(members.sum()), recalls))
    return rows


def balancing_weights(labels: np.ndarray) -> np.ndarray:
    """Weights of images with which the mean over images is that over classes.

    Args:
        labels: int (n,).

    Returns:
        float64 (n,), with mean 1.

    Example:
        >>> balancing_weights(np.array([0, 0, 0, 1])).round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    _, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return len(labels) / (len(counts) * counts[positions])


def _correct(runs: Sequence[Run]) -> np.ndarray:
    """Of all runs that have results per image, bool (runs, images)."""
    return np.array([run.per_image.correct for run in runs if run.per_image is not None])


def _written(scores: np.ndarray) -> str:
    if not scores.size:
        return MISSING
    percent = 100.0 * scores
    interval = crossed_interval(percent, np.zeros_like(percent))
    mean = f"{percent.mean():.1f}"
    if interval is None:
        return mean
    low, high = interval.ends
    return f"{mean} [{max(0.0, low):.1f} to {min(100.0, high):.1f}]"


def unbalanced(labels: Iterable[int] | np.ndarray) -> bool:
    """Whether some class has more test images than another."""
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    return bool(counts.min() != counts.max())
