"""Simulated studies: seed by seed differences of two arms, on the same test images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from convbias.statistics.crossed import crossed_error

IMAGES = 10_000


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a difference, in percentage points.

    Args:
        name: What tables call it.
        seeds: Of what a seed adds on all images.
        answers: Of the mean of single answers over the test images, one seed after the other.
        images: Of what another set of test images adds under all seeds; None where the values of
            single images are not known.
    """

    name: str
    seeds: float
    answers: float
    images: float | None


@dataclass(frozen=True)
class PValues:
    """P-values of many studies with so many pairs, each of shape (studies,).

    Args:
        means: Mean difference.
        student: Two-sided, over seeds on the same images.
        both: The larger one of it and that over seeds and images, as the package has it.
        over_images: Two-sided, over seeds and images.
        equivalence: The larger one of it and that over seeds and images.
    """

    means: np.ndarray
    student: np.ndarray
    both: np.ndarray
    over_images: np.ndarray
    equivalence: np.ndarray


def draw(
    spread: Spread, difference: float, studies: int, pairs: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw differences of many studies.

    Args:
        spread: Their standard deviations.
        difference: True difference, in percentage points.
        studies: How many studies.
        pairs: Seed pairs of each.
        rng: Source of random numbers.

    Returns:
        float64 (studies, pairs).
    """
    of_images = rng.normal(0, spread.images or 0.0, (studies, 1))
    of_seeds = rng.normal(0, np.hypot(spread.seeds, spread.answers), (studies, pairs))
    return difference + of_images + of_seeds


def p_values_of(
    differences: np.ndarray, spread: Spread, margin: float, rng: np.random.Generator
) -> PValues:
    """Test every study with the package's formulas.

    The sums of squares between images and of the rest are drawn from their chi-squared
    distributions; with so many images they hardly vary.

    Args:
        differences: Shape (studies, pairs).
        spread: The standard deviations that they were drawn with.
        margin: Of equivalence, in percentage points.
        rng: Source of random numbers.
    """
    studies, pairs = differences.shape
    means, sds = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    errors = sds / np.sqrt(pairs)
    student = 2 * special.stdtr(pairs - 1, -np.abs(means) / errors)
    distance = margin - np.abs(means)
    alike = special.stdtr(pairs - 1, -distance / errors)
    over_images, alike_over_images = student, alike
    if spread.images is not None:
        rest = IMAGES * spread.answers**2
        of_images = pairs * IMAGES * spread.images**2 + rest
        error, freedom, _ = crossed_error(
            IMAGES * (pairs - 1) * sds**2,
            of_images * rng.chisquare(IMAGES - 1, studies),
            rest * rng.chisquare((IMAGES - 1) * (pairs - 1), studies),
            (pairs, IMAGES),
        )
        over_images = 2 * special.stdtr(freedom, -np.abs(means) / error)
        alike_over_images = special.stdtr(freedom, -distance / error)
    return PValues(
        means=means,
        student=student,
        both=np.maximum(student, over_images),
        over_images=over_images,
        equivalence=np.maximum(alike, alike_over_images),
    )
