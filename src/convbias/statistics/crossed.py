"""Confidence intervals over new seeds and new test images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from convbias.errors import InputError
from convbias.statistics.intervals import Interval

METHOD = "Student's t over seeds and test images"


@dataclass(frozen=True)
class Crossed:
    """A mean difference over seeds and images, and how much it varies.

    Args:
        mean: Treatment minus baseline, in the unit of the scores.
        error: Its standard error over new seeds and new images.
        freedom: Degrees of freedom of that error.
        image_error: The part of it that more seeds do not make smaller.
    """

    mean: float
    error: float
    freedom: float
    image_error: float

    def half_width(self, confidence: float) -> float:
        """Half the width of the interval.

        Args:
            confidence: Nominal coverage.
        """
        return float(special.stdtrit(self.freedom, (1 + confidence) / 2)) * self.error

    def interval(self, confidence: float) -> Interval:
        """The interval of treatment minus baseline.

        Args:
            confidence: Nominal coverage.
        """
        half_width = self.half_width(confidence)
        return Interval(self.mean - half_width, self.mean + half_width, confidence, METHOD)

    def equivalence_p_value(self, margin: float) -> float:
        """P-value of a difference of at least a margin, by two one-sided tests.

        Args:
            margin: In the unit of the scores.
        """
        distance = margin - abs(self.mean)
        if self.error == 0:
            return float(distance <= 0)
        return float(special.stdtr(self.freedom, -distance / self.error))

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no difference; 0 for a difference that never varies."""
        if self.error == 0:
            return float(self.mean == 0)
        return 2 * float(special.stdtr(self.freedom, -abs(self.mean) / self.error))


def crossed(treatment: ArrayLike, baseline: ArrayLike) -> Crossed | None:
    """Estimate a mean difference over new seeds and new images.

    Every seed is scored on every image, so the differences d form a table of S seeds and I images.
    With M the mean squares of the two-way analysis of variance without replication, the variance of
    the table's mean is estimated as

        (M_seeds + M_images - M_rest) / (S I)

    and its degrees of freedom by Satterthwaite's formula (Clark 1973, "The language-as-fixed-effect
    fallacy"; Satterthwaite 1946). M_rest, which in expectation is the smallest of the three, is
    taken as at most the other two, so the variance is never below that over seeds alone or over
    images alone. `coverage.py` simulates how often the interval covers the truth.

    Args:
        treatment: The treatment's score of every image under every seed, shape (seeds, images):
            correctness as booleans, or loss as floats.
        baseline: The baseline's scores, with the same seeds as rows and images as columns.

    Returns:
        The estimate; None below three seeds or two images.

    Raises:
        InputError: The two do not have one shape (seeds, images), or are not finite.
    """
    differences = _differences(treatment, baseline)
    seeds, images = differences.shape
    if seeds < 3 or images < 2:
        return None
    mean = differences.mean()
    of_seeds, of_images = differences.mean(axis=1), differences.mean(axis=0)
    rest = differences - of_seeds[:, None] - of_images + mean
    error, freedom, image_error = crossed_error(
        images * np.sum((of_seeds - mean) ** 2),
        seeds * np.sum((of_images - mean) ** 2),
        np.sum(rest**2),
        differences.shape,
    )
    return Crossed(float(mean), float(error), float(freedom), float(image_error))


def crossed_interval(
    treatment: ArrayLike, baseline: ArrayLike, confidence: float = 0.95
) -> Interval | None:
    """Interval of a mean difference over new seeds and new images, see `crossed`.

    Args:
        treatment: As for `crossed`.
        baseline: As for `crossed`.
        confidence: Nominal coverage.

    Returns:
        The interval of treatment minus baseline, in the unit of the scores; None below three
        seeds or two images.

    Raises:
        InputError: The two do not have one shape (seeds, images), or are not finite.

    Example:
        >>> correct = np.ones((5, 100), dtype=bool)
        >>> crossed_interval(correct, ~correct).ends
        (1.0, 1.0)
    """
    found = crossed(treatment, baseline)
    return found.interval(confidence) if found else None


def crossed_half_width(
    of_seeds: ArrayLike,
    of_images: ArrayLike,
    of_rest: ArrayLike,
    shape: tuple[int, ...],
    confidence: float = 0.95,
) -> np.ndarray:
    """Half the width of `crossed_interval`, from the sums of squares of any number of tables.

    Args:
        of_seeds: As for `crossed_error`.
        of_images: As for `crossed_error`.
        of_rest: As for `crossed_error`.
        shape: Seeds and images of every table.
        confidence: Nominal coverage.

    Returns:
        float64, as many as there are sums.
    """
    error, freedom, _ = crossed_error(of_seeds, of_images, of_rest, shape)
    return special.stdtrit(freedom, (1 + confidence) / 2) * error


def crossed_error(
    of_seeds: ArrayLike, of_images: ArrayLike, of_rest: ArrayLike, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard error and degrees of freedom, from the sums of squares of any number of tables.

    Args:
        of_seeds: Sums of squares between seeds, one per table.
        of_images: Sums of squares between images.
        of_rest: Sums of squares of what is left.
        shape: Seeds and images of every table.

    Returns:
        Standard error of the table's mean, its degrees of freedom, and the part of the error that
        is due to images; each float64, as many as there are sums.
    """
    seeds, images = shape[0] - 1, shape[1] - 1
    between_seeds, between_images = np.asarray(of_seeds) / seeds, np.asarray(of_images) / images
    rest = np.asarray(of_rest) / (seeds * images)
    rest = np.minimum(rest, np.minimum(between_seeds, between_images))
    variance = between_seeds + between_images - rest
    spread = between_seeds**2 / seeds + between_images**2 / images + rest**2 / (seeds * images)
    # Without any spread there are no degrees of freedom, and the error is zero.
    freedom = np.where(spread > 0, variance**2 / np.where(spread > 0, spread, 1), 1)
    cells = math.prod(shape[:2])
    return np.sqrt(variance / cells), freedom, np.sqrt((between_images - rest) / cells)


def _differences(treatment: ArrayLike, baseline: ArrayLike) -> np.ndarray:
    first, second = (np.asarray(scores, dtype=np.float64) for scores in (treatment, baseline))
    if first.ndim != 2 or first.shape != second.shape or first.size == 0:
        raise InputError(
            f"scores of shapes {first.shape} and {second.shape} cannot be crossed",
            "one shape (seeds, images) for both arms",
            "keep the seeds that both arms finished, in one order",
        )
    difference = first - second
    if not np.isfinite(difference).all():
        raise InputError(
            "some images have no finite score",
            "a finite score of every image under every seed",
            "leave diverged runs out, and report that they were",
        )
    return difference
