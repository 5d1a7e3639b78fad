"""An arm compared with itself: what the verdicts find where nothing differs, or a known amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from convbias.statistics.crossed import crossed_half_width
from convbias.statistics.power import predicted_power, spread_of_differences
from convbias.statistics.sign_flips import sign_flip_p_value

FEWEST_RUNS = 12  # two halves of six, the fewest pairs that can show a difference


@dataclass(frozen=True)
class SelfComparison:
    """Shares of comparisons of an arm with itself in which a difference was found.

    Args:
        pairs: seed pairs of each comparison.
        repetitions: number of comparisons, which share the arm's runs.
        alpha: significance level, uncorrected.
        found_without: share that was called better or worse although both halves are one arm.
        injected: the difference added to one half.
        found_with: share that was then called different in the right direction.
        predicted: the share that the power of the sign-flip test predicts.
    """

    pairs: int
    repetitions: int
    alpha: float
    found_without: float
    injected: float
    found_with: float
    predicted: float


def self_comparison(
    correct: ArrayLike,
    injected: float = 0.003,
    repetitions: int = 200,
    *,
    alpha: float = 0.05,
    seed: int = 0,
) -> SelfComparison | None:
    """Split an arm's runs into two halves at random, many times, and ask for the verdict.

    A verdict asks for the sign-flip test and for the interval over seeds and test images. The test
    errs as often as its level says whatever the runs are, because the halves are drawn at random;
    whether the interval is right as well, and whether the power is as predicted, depends on them.

    Args:
        correct: Correctness of every image under every seed, shape (seeds, images).
        injected: The difference that should be found once it is added to one half.
        repetitions: How often the runs are split.
        alpha: Significance level, uncorrected.
        seed: Random seed of the splits.

    Returns:
        None with fewer than `FEWEST_RUNS` runs.
    """
    scores = np.asarray(correct, dtype=np.float64)
    runs = len(scores)
    if runs < FEWEST_RUNS:
        return None
    pairs = runs // 2
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(runs), (repetitions, 1)), axis=1)
    first, second = order[:, :pairs], order[:, pairs : 2 * pairs]
    accuracy = scores.mean(axis=1)
    differences = accuracy[first] - accuracy[second]
    half_widths = _half_widths(scores, first, second)

    def found(added: float) -> np.ndarray:
        shifted = differences + added
        means = shifted.mean(axis=1)
        significant = sign_flip_p_value(shifted, seed=seed) < alpha
        return np.sign(means) * (significant & (np.abs(means) > half_widths))

    difference_sd = spread_of_differences(float(accuracy.std(ddof=1)))
    return SelfComparison(
        pairs=pairs,
        repetitions=repetitions,
        alpha=alpha,
        found_without=float((found(0) != 0).mean()),
        injected=injected,
        found_with=float((found(injected) == np.sign(injected)).mean()),
        predicted=predicted_power(pairs, injected, difference_sd, alpha=alpha),
    )


def _half_widths(scores: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of the interval over seeds and images in every repetition.

    The sums of squares follow from those of single runs and of their products, so no table of
    differences is built.
    """
    images = scores.shape[1]
    repetitions, pairs = first.shape
    products = scores @ scores.T
    own = np.diag(products)
    total = (own[first] + own[second] - 2 * products[first, second]).sum(axis=1)
    accuracy = scores.mean(axis=1)
    differences = accuracy[first] - accuracy[second]
    means = differences.mean(axis=1)
    signs = np.zeros((repetitions, len(scores)))
    np.put_along_axis(signs, first, 1.0, axis=1)
    np.put_along_axis(signs, second, -1.0, axis=1)
    of_images = pairs * (((signs @ scores) / pairs - means[:, None]) ** 2).sum(axis=1)
    of_seeds = images * ((differences - means[:, None]) ** 2).sum(axis=1)
    rest = total - pairs * images * means**2 - of_seeds - of_images
    return crossed_half_width(of_seeds, of_images, rest, (pairs, images))
