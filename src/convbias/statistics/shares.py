"""How much of the gap between two models each step of a ladder between them closes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from convbias.errors import InputError
from convbias.statistics.intervals import Interval, Summary, all_equal, seed_table, summarise

_FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Share:
    """One step's part of the gap between the bottom and the top of a ladder.

    Args:
        difference: Mean gain of the step, in the unit of the scores.
        share: That gain divided by the mean gap. Negative where the step goes against the gap,
            above 1 where other steps do; None where bottom and top agree.
        interval: Confidence interval of the share; None where `limit` says why.
        gap: Top minus bottom over the seeds, the same for all steps of a ladder.
    """

    difference: float
    share: float | None
    interval: Interval | None
    gap: Summary

    @property
    def gap_shown(self) -> bool:
        """Whether the gap can be told from zero: zero lies outside its Student's t interval."""
        return (
            self.share is not None
            and self.gap.interval is not None
            and not self.gap.interval.contains(0.0)
        )

    @property
    def limit(self) -> str | None:
        """Why there is no interval, in a sentence; None where there is one."""
        if self.share is None:
            return "Bottom and top of the ladder agree, so there is no gap to take a share of."
        if self.gap.n < _FEWEST_SEEDS:
            seeds = f"{self.gap.n} seed" if self.gap.n == 1 else f"{self.gap.n} seeds"
            return f"The interval of a share takes {_FEWEST_SEEDS} seeds, and here are {seeds}."
        if self.gap.interval is not None and not self.gap_shown:
            low, high = self.gap.interval.ends
            return (
                f"With {self.gap.n} seeds the gap of {self.gap.mean:.3g} (interval {low:.3g} to"
                f" {high:.3g}) cannot be told from zero, and what is divided by something that may"
                " be zero has no finite interval."
            )
        return None


def shares_of_gap(scores: ArrayLike, confidence: float = 0.95) -> list[Share]:
    """Divide the gap between the ends of a ladder among its steps.

    The interval is Fieller's (1954, "Some problems in interval estimation"): it holds every share r
    for which the seeds' values of step - r * gap have a mean that Student's t test at the same
    confidence cannot tell from zero. It is finite only where the gap itself is told from zero. The
    test is exact for scores that are normal over seeds; in simulations with 3 to 20 seeds, where
    there was an interval of 95 %, it covered 93 to 97 %, skewed noise included. The BCa bootstrap
    (Efron 1987) of the ratio covered 82 to 85 % with 5 seeds and 87 to 90 % with 10. The intervals
    of several steps are each on their own, and since shares sum to 1, not independent.

    Args:
        scores: One row per rung from bottom to top, one column per seed, shape (steps + 1, seeds);
            steps at least 1. All rungs have the same seeds in the same order.
        confidence: Nominal coverage of each interval.

    Returns:
        One share per step, from the bottom up; they sum to 1.

    Raises:
        InputError: The scores are no table of at least two rungs, or are not finite.

    Example:
        >>> dense, local, shared = [0.80, 0.82, 0.81], [0.85, 0.86, 0.84], [0.90, 0.92, 0.91]
        >>> [round(step.share, 3) for step in shares_of_gap([dense, local, shared])]
        [0.4, 0.6]
    """
    table = seed_table(scores, "scores")
    if len(table) < 2:
        raise InputError(
            "the ladder has a single rung",
            "at least two rows of scores, from the bottom of the ladder to its top",
            "pass the arms at both ends and those between",
        )
    total = table[-1] - table[0]
    gap = summarise(total, confidence)
    if all_equal(table[[0, -1]].mean(axis=1)):
        return [Share(float(step.mean()), None, None, gap) for step in np.diff(table, axis=0)]
    return [_share(step, total, gap, confidence) for step in np.diff(table, axis=0)]


def _share(step: np.ndarray, total: np.ndarray, gap: Summary, confidence: float) -> Share:
    share = Share(float(step.mean()), float(step.mean() / total.mean()), None, gap)
    if gap.n < _FEWEST_SEEDS or not share.gap_shown:
        return share
    return Share(share.difference, share.share, _fieller(step, total, confidence), gap)


def _fieller(step: np.ndarray, total: np.ndarray, confidence: float) -> Interval:
    # With the residuals e = step - share * total, whose mean is 0, a share that is r larger has
    # step - (share + r) * total = e - r * total, and the t test's bound on its mean reads
    # r^2 total^2 = t^2 / n (var e - 2 r cov(e, total) + r^2 var total). Solved for r this way no
    # two nearly equal terms are subtracted, so a step that is the whole gap has exactly (1, 1).
    n = total.size
    mean = total.mean()
    share = step.mean() / mean
    factor = special.stdtrit(n - 1, (1 + confidence) / 2) ** 2 / n
    covariance = factor * np.cov(step - share * total, total)
    leading = mean**2 - covariance[1, 1]
    middle = share - covariance[0, 1] / leading
    half_width = math.sqrt(covariance[0, 1] ** 2 + leading * covariance[0, 0]) / leading
    return Interval(
        float(middle - half_width),
        float(middle + half_width),
        confidence,
        "Fieller's interval of a ratio of means",
    )
