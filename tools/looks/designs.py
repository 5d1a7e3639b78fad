"""Designs that give verdicts while seeds are added, as levels at each look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy import special

_NODES, _WEIGHTS = leggauss(96)
_FARTHEST = 9.0  # standard deviations; nothing of note lies beyond


@dataclass(frozen=True)
class Design:
    """When a study is judged, and at which level.

    Args:
        name: What tables call it.
        looks: Seed pairs at each look.
        levels: From the error rate of all looks to the level of the test at each.
    """

    name: str
    looks: tuple[int, ...]
    levels: Callable[[float], np.ndarray]


def equal(looks: Sequence[int]) -> Callable[[float], np.ndarray]:
    """Every look has the same share of the errors: valid whatever the looks have in common."""
    return lambda alpha: np.full(len(looks), alpha / len(looks))


def boundary(looks: Sequence[int], shape: float) -> Callable[[float], np.ndarray]:
    """Boundaries of a normal mean whose information grows with the pairs (Wang, Tsiatis 1987).

    Args:
        looks: Seed pairs at each look.
        shape: 0.5 for the same level at every look (Pocock 1977), 0 for O'Brien and Fleming's
            (1979), which is strict at first.
    """
    relative = (np.array(looks) / looks[-1]) ** (shape - 0.5)

    def levels(alpha: float) -> np.ndarray:
        low, high = 0.5, 12.0
        for _ in range(60):
            middle = (low + high) / 2
            if chance_of_crossing(middle * relative, looks) > alpha:
                low = middle
            else:
                high = middle
        return 2 * special.ndtr(-high * relative)

    return levels


def unadjusted(looks: Sequence[int]) -> Callable[[float], np.ndarray]:
    """Every look has the whole level, as for whoever stops at a favourable moment."""
    return lambda alpha: np.full(len(looks), alpha)


def chance_of_crossing(limits: np.ndarray, looks: Sequence[int]) -> float:
    """Probability that a standardised sum of normal numbers is ever beyond its limits.

    By numerical integration from look to look (Armitage, McPherson, Rowe 1969).

    Args:
        limits: Of the absolute standardised sum at each look.
        looks: How many numbers are summed at each.

    Example:
        >>> round(chance_of_crossing(np.full(5, 2.413), [1, 2, 3, 4, 5]), 3)  # Pocock's table
        0.05
    """
    points, weighted, total, before = np.zeros(1), np.ones(1), 0.0, 0
    for limit, count in zip(limits * np.sqrt(looks), looks, strict=True):
        sd = np.sqrt(count - before)
        beyond = special.ndtr((points - limit) / sd) + special.ndtr((-limit - points) / sd)
        total += float(weighted @ beyond)
        end = min(limit, _FARTHEST * np.sqrt(count))
        inside = end * _NODES
        density = np.exp(-0.5 * ((inside[:, None] - points) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        points, weighted, before = inside, end * _WEIGHTS * (density @ weighted), count
    return total


def anytime_limit(pairs: int, alpha: float, scale: float = 9.0) -> float:
    """How large t must be for a verdict at any time, without a plan.

    From the t test's Bayes factor with a normal prior of the standardised difference, a test
    martingale (Wang, Ramdas 2023, arXiv 2310.03722).

    Args:
        pairs: Seed pairs so far.
        alpha: Error rate over all times.
        scale: Variance of the prior.

    Returns:
        In standard errors; infinite with few pairs.
    """
    freedom, spread = pairs - 1, 1 / (1 + pairs * scale)
    ratio = (np.sqrt(1 / spread) / alpha) ** (-2 / pairs)
    if ratio <= spread:
        return np.inf
    return float(np.sqrt((1 - ratio) * freedom / (ratio - spread)))
