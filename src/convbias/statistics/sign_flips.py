"""The sign-flip test: under the null hypothesis the sign of each pair's difference is random."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
from numpy.typing import ArrayLike

EXACT_PAIRS = 36  # up to here every one of the 2^n sign patterns counts, within half a second
RANDOM_PATTERNS = 99_999
ROWS_AT_ONCE = 16  # whose sums take 13 MB


def sign_flip_p_value(differences: ArrayLike, *, seed: int = 0) -> np.ndarray:
    """Two-sided p-value of the mean difference under random signs.

    Exact for up to `EXACT_PAIRS` pairs; beyond, from random sign patterns as (k + 1) / (m + 1),
    which counts the observed pattern as one of them and so never gives 0 (Phipson and Smyth 2010).

    Sums that agree but for rounding count as ties. `scipy.stats.permutation_test` allows 2e-14 of
    the observed mean for that, which the rounding of subtracted accuracies exceeds; that, and its
    2^n resamples where 2^(n/2) sums are enough, is why it is only the reference in the tests.

    Args:
        differences: Shape (..., n), treatment minus baseline per pair.
        seed: Random seed of the sign patterns, where they are not all tried.

    Returns:
        float64 of shape (...).

    Example:
        >>> float(sign_flip_p_value([0.1, 0.2, 0.3]))  # only +++ and --- are as extreme: 2 of 8
        0.25
    """
    array = np.asarray(differences, dtype=np.float64)
    n = array.shape[-1]
    rows = array.reshape(-1, n)
    if n <= EXACT_PAIRS:
        p_values = np.array([_exact(row) for row in rows])
    else:
        p_values = _monte_carlo(rows, seed)
    return p_values.reshape(array.shape[:-1])


def _least_extreme_sum(differences: np.ndarray) -> float:
    """The size that a flipped sum must reach to count, less than observed by rounding only."""
    return float(abs(differences.sum()) - 1e-10 * np.abs(differences).sum())


def _exact(differences: np.ndarray) -> float:
    # Every sum over all pairs is one sum over the first half plus one over the second, so counting
    # the pairs of halves that reach the threshold needs no list of all 2^n sums.
    threshold = _least_extreme_sum(differences)
    if threshold <= 0:
        return 1.0
    half = differences.size // 2
    first = _signed_sums(differences[:half])
    second = np.sort(_signed_sums(differences[half:]))
    reached = second.size - np.searchsorted(second, threshold - first)
    return 2 * float(reached.sum()) / 2.0**differences.size


def _signed_sums(differences: np.ndarray) -> np.ndarray:
    sums = np.zeros(1)
    for difference in differences:
        sums = np.concatenate([sums - difference, sums + difference])
    return sums


def _monte_carlo(rows: np.ndarray, seed: int) -> np.ndarray:
    shape = (RANDOM_PATTERNS, rows.shape[1])
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=shape)
    p_values = np.empty(len(rows))
    # Several at a time, because one product of matrices is faster than many with vectors.
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        least = np.array([_least_extreme_sum(row) for row in rows[some]])
        reached = (np.abs(signs @ rows[some].T) >= least).sum(axis=0)
        p_values[some] = (reached + 1) / (RANDOM_PATTERNS + 1)
    return p_values


def smallest_p_value(pairs: int) -> float:
    """The smallest p-value that sign flips can give, however large the difference.

    Example:
        >>> smallest_p_value(5), smallest_p_value(6)
        (0.0625, 0.03125)
    """
    smallest = 2.0 ** (1 - pairs)
    return smallest if pairs <= EXACT_PAIRS else max(smallest, 1 / (RANDOM_PATTERNS + 1))


def fewest_pairs(alpha: float = 0.05) -> int:
    """How many pairs it takes before any difference at all can be significant.

    Args:
        alpha: Significance level, above 2e-5; divided by the number of contrasts where Holm's
            correction is to follow.

    Example:
        >>> fewest_pairs(), fewest_pairs(0.05 / 4)
        (6, 8)
    """
    return next(pairs for pairs in count(1) if 2.0 ** (1 - pairs) < alpha)


def attainable_level(pairs: int, alpha: float = 0.05) -> float:
    """How often the test rejects a true null hypothesis when no two sums tie.

    P-values come in steps, of 2 / 2^n while they are exact, so the rate is the largest below alpha.

    Example:
        >>> attainable_level(6), attainable_level(5)
        (0.03125, 0.0)
    """
    step = smallest_p_value(pairs)
    return (math.ceil(alpha / step) - 1) * step
