"""How often comparisons find what is not there, and how often they find what is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from convbias.statistics import (
    attainable_level,
    predicted_power,
    sign_flip_p_value,
    spread_of_differences,
)

REPETITIONS = 4_000


@dataclass(frozen=True)
class ErrorRates:
    """Rates over many repetitions of a comparison whose truth is known.

    Args:
        pairs: Seed pairs per repetition.
        repetitions: How often the comparison was repeated.
        alpha: Significance level.
        false_positive_rate: Share of repetitions without a difference in which one was "found".
        attainable_level: What that share should be: p-values come in steps, so it lies below alpha.
        injected: The difference added to the treatment.
        power: Share of repetitions with that difference in which it was found.
        predicted_power: What `predicted_power` says that share should be.
        margin: Half width of the zone of equivalence.
        false_equivalence_rate: Share of repetitions with a true difference of exactly the margin
            that were called equivalent; should not exceed alpha.
    """

    pairs: int
    repetitions: int
    alpha: float
    false_positive_rate: float
    attainable_level: float
    injected: float
    power: float
    predicted_power: float
    margin: float
    false_equivalence_rate: float


def simulated_rates(
    *,
    pairs: int,
    seed_sd: float,
    correlation: float = 0.0,
    injected: float = 0.003,
    margin: float = 0.002,
    repetitions: int = REPETITIONS,
    alpha: float = 0.05,
    seed: int = 0,
) -> ErrorRates:
    """Compare simulated arms: normal over seeds, of equal spread, correlated over shared seeds.

    Args:
        pairs: Seed pairs per repetition, at least 2.
        seed_sd: Standard deviation of each arm over seeds.
        correlation: Between the arms over shared seeds, 0 to 1.
        injected: The difference that should be found, in the unit of `seed_sd`.
        margin: Half width of the zone of equivalence.
        repetitions: How often the comparison is repeated.
        alpha: Significance level.
        seed: random seed of the simulation.

    Returns:
        The rates; `binomial_bounds` tells how far chance alone moves them.
    """
    difference_sd = spread_of_differences(seed_sd, correlation)
    # What the arms share over seeds cancels in their differences, so only those are drawn.
    differences = np.random.default_rng(seed).normal(0, difference_sd, (repetitions, pairs))
    return _rates(
        differences,
        difference_sd,
        injected=injected,
        margin=margin,
        alpha=alpha,
        seed=seed,
    )


def rates_of_arm(
    values: ArrayLike,
    *,
    injected: float = 0.003,
    margin: float = 0.002,
    repetitions: int = REPETITIONS,
    alpha: float = 0.05,
    seed: int = 0,
) -> ErrorRates:
    """Compare a real arm with itself under other seeds.

    In every repetition the runs are split at random into two halves of equal size, which play
    treatment and baseline.

    Args:
        values: One number per seed of a single arm, shape (n,), n at least 4, not all equal.
        injected: The difference that should be found once it is added to one half.
        margin: Half width of the zone of equivalence.
        repetitions: How often the runs are split.
        alpha: Significance level.
        seed: random seed of the splits.

    Returns:
        The rates, for n // 2 pairs.
    """
    array = np.asarray(values, dtype=np.float64)
    pairs = array.size // 2
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(array, (repetitions, 1)), axis=1)
    return _rates(
        shuffled[:, :pairs] - shuffled[:, pairs : 2 * pairs],
        spread_of_differences(float(array.std(ddof=1))),
        injected=injected,
        margin=margin,
        alpha=alpha,
        seed=seed,
    )


def _rates(
    differences: np.ndarray,
    difference_sd: float,
    *,
    injected: float,
    margin: float,
    alpha: float,
    seed: int,
) -> ErrorRates:
    """Rates from null differences of shape (repetitions, pairs)."""
    repetitions, pairs = differences.shape
    at_margin = differences + margin
    above_low = stats.ttest_1samp(at_margin, -margin, axis=1, alternative="greater").pvalue
    below_high = stats.ttest_1samp(at_margin, margin, axis=1, alternative="less").pvalue
    return ErrorRates(
        pairs=pairs,
        repetitions=repetitions,
        alpha=alpha,
        false_positive_rate=float((sign_flip_p_value(differences, seed=seed) < alpha).mean()),
        attainable_level=attainable_level(pairs, alpha),
        injected=injected,
        power=float((sign_flip_p_value(differences + injected, seed=seed) < alpha).mean()),
        predicted_power=predicted_power(pairs, injected, difference_sd, alpha=alpha),
        margin=margin,
        false_equivalence_rate=float((np.maximum(above_low, below_high) < alpha).mean()),
    )


def binomial_bounds(
    rate: float, repetitions: int, confidence: float = 0.999
) -> tuple[float, float]:
    """Between which shares a true rate's estimate falls by chance.

    Example:
        >>> binomial_bounds(0.05, 4_000)
        (0.039, 0.06175)
    """
    low, high = stats.binom.interval(confidence, repetitions, rate)
    return float(low) / repetitions, float(high) / repetitions
