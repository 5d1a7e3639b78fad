"""Estimates of a model card: accuracies with intervals, mistakes, calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convbias.report.card.contents import Bin, CalibrationSummary, Confusion, Estimate, OfClass
from convbias.statistics import Interval, error_by_chance, reliability, wilson_interval

MOST_CONFUSIONS = 10
UNUSUAL = 0.95  # quantile of the calibration error by chance that is reported


def estimate(value: float, interval: Interval | None, images: int) -> Estimate:
    """An estimate from a value and its interval.

    Args:
        value: the value.
        interval: its interval; None only for fewer than two images.
        images: number of images.
    """
    assert interval is not None  # noqa: S101 - every data set has several test images
    return Estimate(
        value=value,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        method=interval.method,
        images=images,
    )


def share(correct: np.ndarray) -> Estimate:
    """Estimate an accuracy, with Wilson's interval.

    Args:
        correct: bool (n,), n at least 1.
    """
    return share_of(int(correct.sum()), len(correct))


def share_of(right: int, images: int) -> Estimate:
    """Estimate a share of images, with Wilson's interval.

    Args:
        right: number of images that count.
        images: number of all images, at least 1.
    """
    return estimate(right / images, wilson_interval(right, images), images)


def of_classes(counts: np.ndarray, names: Sequence[str]) -> tuple[OfClass, ...]:
    """Recall and precision of every class.

    Args:
        counts: int (classes, classes), a row per true class, a column per predicted one.
        names: names of the classes.
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
    """The most frequent mistakes; ties in the order of the classes.

    Args:
        counts: int (classes, classes), a row per true class, a column per predicted one.
        names: names of the classes.
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
    """Calibration of predicted probabilities.

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
