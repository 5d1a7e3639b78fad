"""Confidence intervals over new seeds and new test images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from convbias.errors import InputError
from convbias.statistics.intervals import Interval

RESAMPLES = 4_000
_BLOCK = 2**21  # image counts that are multiplied at once
METHOD = "crossed bootstrap over seeds and test images"


def crossed_bootstrap(
    treatment: ArrayLike, baseline: ArrayLike, *, confidence: float = 0.95, seed: int = 0
) -> Interval | None:
    """Interval of a mean difference over new seeds and new images.

    Seeds and images are drawn with replacement independently of each other, and a resample takes
    every drawn image under every drawn seed (Owen 2007, "The pigeonhole bootstrap"). The interval
    consists of percentiles. Its variance counts the variance within (seed, image) cells up to three
    times, which is conservative, and the variance between seeds (n - 1) / n times, which is too
    little when there are few seeds.

    Args:
        treatment: The treatment's score of every image under every seed, shape (seeds, images):
            correctness as booleans, or loss as floats.
        baseline: The baseline's scores, with the same seeds as rows and images as columns.
        confidence: Nominal coverage.
        seed: Random seed of the resampling.

    Returns:
        The interval of treatment minus baseline, in the unit of the scores; None below three
        seeds.

    Raises:
        InputError: The two do not have one shape (seeds, images), or are not finite.

    Example:
        >>> correct = np.ones((5, 100), dtype=bool)
        >>> crossed_bootstrap(correct, ~correct).low
        1.0
    """
    return crossed_bootstraps([(treatment, baseline)], confidence=confidence, seed=seed)[0]


def crossed_bootstraps(
    pairs: Sequence[tuple[ArrayLike, ArrayLike]], *, confidence: float = 0.95, seed: int = 0
) -> list[Interval | None]:
    """Crossed bootstrap intervals of several contrasts, which share the resamples to save time.

    Args:
        pairs: Treatment and baseline of each, as `crossed_bootstrap` takes them.
        confidence: Nominal coverage.
        seed: Random seed of the resampling.

    Returns:
        One interval per pair; each is what it would be alone.

    Raises:
        InputError: The scores of a pair do not fit, see `crossed_bootstrap`.
    """
    differences = [_differences(treatment, baseline) for treatment, baseline in pairs]
    by_shape: dict[tuple[int, int], list[int]] = {}
    for index, difference in enumerate(differences):
        seeds, images = difference.shape
        if seeds >= 3:
            by_shape.setdefault((seeds, images), []).append(index)
    intervals: list[Interval | None] = [None] * len(differences)
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    for indices in by_shape.values():
        means = _resampled_means(np.stack([differences[index] for index in indices]), seed)
        for index, (low, high) in zip(indices, np.quantile(means, ends, axis=0).T, strict=True):
            intervals[index] = Interval(float(low), float(high), confidence, METHOD)
    return intervals


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


def _resampled_means(differences: np.ndarray, seed: int) -> np.ndarray:
    """Mean of each resample of every contrast, (resamples, contrasts)."""
    contrasts, seeds, images = differences.shape
    columns = differences.reshape(-1, images).T
    sums = [
        np.einsum(
            "rcs,rs->rc",
            (image_counts.astype(np.float64) @ columns).reshape(-1, contrasts, seeds),
            seed_counts,
        )
        for seed_counts, image_counts in _draws(seeds, images, seed)
    ]
    return np.concatenate(sums) / (seeds * images)


# A study's contrasts mostly have the same seeds and images, and drawing takes longer than all else.
@lru_cache(maxsize=2)
def _draws(seeds: int, images: int, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """How often each resample draws each seed and each image, in blocks of resamples."""
    rng = np.random.default_rng(seed)
    blocks = np.array_split(np.arange(RESAMPLES), math.ceil(RESAMPLES * images / _BLOCK))
    return tuple(
        (_draw_counts(seeds, len(block), rng), _draw_counts(images, len(block), rng))
        for block in blocks
    )


def _draw_counts(units: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each of `units` is drawn in each resample, (resamples, units) of a small type."""
    counts = np.empty((resamples, units), dtype=np.min_scalar_type(units))
    for row in counts:
        row[:] = np.bincount(rng.integers(units, size=units), minlength=units)
    return counts.astype(np.min_scalar_type(counts.max()))
