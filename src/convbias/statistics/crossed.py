"""Intervals that hold for other test images too, not only for the ones at hand."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from convbias.errors import InputError
from convbias.statistics.intervals import Interval

RESAMPLES = 4_000
_BLOCK = 2**21  # image counts held in memory at once


def crossed_bootstrap(
    treatment: ArrayLike, baseline: ArrayLike, *, confidence: float = 0.95, seed: int = 0
) -> Interval | None:
    """Interval of a mean difference over new seeds and new images.

    Seeds and images are drawn with replacement independently of each other, and a resample takes
    every drawn image under every drawn seed (Owen 2007, "The pigeonhole bootstrap"). The interval
    is made of percentiles. Its variance counts the part of the spread that belongs to single
    (seed, image) cells up to three times, which is on the safe side, and the part that belongs to
    seeds (n - 1) / n times, which is not when there are few.

    Args:
        treatment: Score of every image under every seed, shape (seeds, images): correctness as
            booleans, or loss as floats.
        baseline: The same of the baseline; rows are the same seeds, columns the same images.
        confidence: Nominal coverage.
        seed: Of the resampling.

    Returns:
        Of treatment minus baseline, in the unit of the scores; None below three seeds.

    Raises:
        InputError: The two do not have one shape (seeds, images), or are not finite.

    Example:
        >>> correct = np.ones((5, 100), dtype=bool)
        >>> crossed_bootstrap(correct, ~correct).low
        1.0
    """
    difference = _differences(treatment, baseline)
    seeds, images = difference.shape
    if seeds < 3:
        return None
    rng = np.random.default_rng(seed)
    blocks = math.ceil(RESAMPLES * images / _BLOCK)
    means = np.concatenate(
        [
            _resampled_means(difference, len(block), rng)
            for block in np.array_split(np.arange(RESAMPLES), blocks)
        ]
    )
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        float(low), float(high), confidence, "crossed bootstrap over seeds and test images"
    )


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


def _resampled_means(
    difference: np.ndarray, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    seeds, images = difference.shape
    seed_counts = _draw_counts(seeds, resamples, rng)
    image_counts = _draw_counts(images, resamples, rng)
    sums = np.einsum("rs,rs->r", image_counts @ difference.T, seed_counts)
    return sums / difference.size


def _draw_counts(units: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each of `units` is drawn in each resample, shape (resamples, units)."""
    return np.array(
        [np.bincount(rng.integers(units, size=units), minlength=units) for _ in range(resamples)],
        dtype=np.float64,
    )
