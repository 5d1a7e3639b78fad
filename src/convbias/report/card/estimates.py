"""What a network's answers are worth: shares with intervals, mistakes, calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convbias.report.card.contents import Bin, CalibrationSummary, Confusion, Estimate, OfClass
from convbias.statistics import Interval, error_by_chance, reliability, wilson_interval

MOST_CONFUSIONS = 10
UNUSUAL = 0.95  # which share of the errors by chance lies below the one that is told


def estimate(value: float, interval: Interval | None, images: int) -> Estimate:
    """A number with its interval.

    Args:
        value: The number.
        interval: Of it, from at least two images.
        images: How many images it rests on.
    """
    assert interval is not None  # noqa: S101 - no data set has a single test image
    return Estimate(
        value=value,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        method=interval.method,
        images=images,
    )


def share(correct: np.ndarray) -> Estimate:
    """Accuracy with Wilson's interval.

    Args:
        correct: bool (n,), n at least 1.
    """
    return share_of(int(correct.sum()), len(correct))


def share_of(right: int, images: int) -> Estimate:
    """A share of some images with Wilson's interval.

    Args:
        right: How many.
        images: Of how many, at least 1.
    """
    return estimate(right / images, wilson_interval(right, images), images)


def of_classes(counts: np.ndarray, names: Sequence[str]) -> tuple[OfClass, ...]:
    """Recall and precision of every class.

    Args:
        counts: int (classes, classes), a row per true class, a column per predicted one.
        names: Of the classes.
    """
    images, predicted = counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist()
    right = counts.diagonal().tolist()
    return tuple(
        OfClass(
            name=name,
            images=images[label],
            predicted=predicted[label],
            recall=share_of(right[label], images[label]) if images[label] else None,
            precision=share_of(right[label], predicted[label]) if predicted[label] else None,
        )
        for label, name in enumerate(names)
    )


def confusions(counts: np.ndarray, names: Sequence[str]) -> tuple[Confusion, ...]:
    """The most frequent mistakes; of equally frequent ones, those of the first classes.

    Args:
        counts: int (classes, classes), a row per true class, a column per predicted one.
        names: Of the classes.
    """
    wrong = counts - np.diag(counts.diagonal())
    largest = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    return tuple(
        Confusion(
            true=names[true],
            predicted=names[predicted],
            images=int(wrong[true, predicted]),
            share=float(wrong[true, predicted] / counts[true].sum()),
        )
        for true, predicted in (divmod(int(place), len(names)) for place in largest)
        if wrong[true, predicted]
    )


def calibration(probabilities: np.ndarray, labels: np.ndarray) -> CalibrationSummary:
    """Whether answers are right as often as they are certain.

    Args:
        probabilities: float (n, classes).
        labels: int (n,), the true classes.
    """
    certain = probabilities.max(axis=1)
    found = reliability(certain, probabilities.argmax(axis=1) == labels)
    by_chance = error_by_chance(certain)
    class_wise = [
        reliability(of_class, labels == label).expected_error
        for label, of_class in enumerate(probabilities.T)
    ]
    return CalibrationSummary(
        bins=tuple(
            Bin(
                low=low,
                high=high,
                images=images,
                confidence=stated if images else None,
                accuracy=share_of(right, images) if images else None,
            )
            for low, high, images, stated, right in zip(
                found.edges[:-1].tolist(),
                found.edges[1:].tolist(),
                found.counts.tolist(),
                found.stated.tolist(),
                found.came_true.tolist(),
                strict=True,
            )
        ),
        expected_error=found.expected_error,
        expected_error_by_chance=float(np.median(by_chance)),
        largest_error_by_chance=float(np.quantile(by_chance, UNUSUAL)),
        class_wise_error=float(np.mean(class_wise)),
        overconfidence=found.overconfidence,
    )
