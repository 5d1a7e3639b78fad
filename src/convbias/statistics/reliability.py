"""Calibration of a classifier: stated probabilities against observed frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from convbias.errors import InputError

BINS = 15  # as Guo et al. 2017 chose; more of them find more error in the same probabilities
DRAWS = 999
_ROUNDING = 1e-6  # what a softmax in float32 may leave [0, 1] by


@dataclass(frozen=True, eq=False)
class Reliability:
    """Stated probabilities beside how often they came true, in bins of equal width.

    A bin holds its upper edge; the first one holds 0 as well.

    Args:
        edges: float64 (bins + 1,), from 0 to 1.
        counts: int64 (bins,), how many probabilities fell into each bin.
        stated: float64 (bins,), their mean; not a number for an empty bin.
        came_true: int64 (bins,), how many of them came true.
    """

    edges: np.ndarray
    counts: np.ndarray
    stated: np.ndarray
    came_true: np.ndarray

    @property
    def frequency(self) -> np.ndarray:
        """float64 (bins,): how often they came true, 0 to 1; not a number for an empty bin."""
        with np.errstate(invalid="ignore"):
            return self.came_true / self.counts

    @property
    def expected_error(self) -> float:
        """Expected calibration error, 0 to 1: the bins' mean gap, weighted by their counts."""
        gaps = np.abs(self.frequency - self.stated)
        return float(np.nansum(self.counts * gaps) / self.counts.sum())

    @property
    def overconfidence(self) -> float:
        """Mean stated probability minus how often they came true, over all bins: -1 to 1."""
        stated = np.nansum(self.counts * self.stated)
        return float((stated - self.came_true.sum()) / self.counts.sum())


def reliability(stated: ArrayLike, came_true: ArrayLike, bins: int = BINS) -> Reliability:
    """Sort stated probabilities into bins of equal width and count how many came true.

    Of a classifier's highest probabilities, and whether each of its answers was right, this is the
    reliability diagram and the expected calibration error of Guo et al. 2017 (arXiv 1706.04599,
    equations 2 and 3). Of one class's probabilities, and whether each image is of that class, it is
    that class's part of the class-wise error of Kull et al. 2019 (arXiv 1910.12656).

    Args:
        stated: Probabilities (n,), n at least 1.
        came_true: Booleans (n,).
        bins: Number of bins.

    Returns:
        The bins.

    Raises:
        InputError: There are no probabilities, they are outside [0, 1], the two have other shapes,
            or there is no bin.

    Example:
        >>> found = reliability([0.7, 0.9, 0.9, 0.9], [True, True, True, False], bins=2)
        >>> found.counts.tolist(), round(found.expected_error, 3)
        ([0, 4], 0.1)
    """
    probabilities, true = np.asarray(stated, dtype=np.float64), np.asarray(came_true, dtype=bool)
    edges, index = _bins(probabilities, bins)
    if true.shape != probabilities.shape:
        raise InputError(
            f"there are {probabilities.shape} probabilities and {true.shape} outcomes",
            "one outcome per probability",
        )
    counts = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(index, weights=probabilities, minlength=bins) / counts
    return Reliability(edges, counts, means, np.bincount(index[true], minlength=bins))


def error_by_chance(
    stated: ArrayLike, bins: int = BINS, draws: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """Expected calibration errors that chance gives a perfectly calibrated classifier.

    With finitely many images the error is above 0 even then. Here every probability comes true as
    often as it says, by a random draw (consistency resampling, Vaicenavicius et al. 2019, arXiv
    1902.06977, section 4). A measured error above these is not chance.

    Args:
        stated: Probabilities (n,), n at least 1.
        bins: Number of bins, as for `reliability`.
        draws: Number of draws.
        seed: Random seed of the draws.

    Returns:
        float64 (draws,), ascending.

    Raises:
        InputError: There are no probabilities, they are outside [0, 1], or there is no bin.
    """
    probabilities = np.asarray(stated, dtype=np.float64)
    _, index = _bins(probabilities, bins)
    expected = np.bincount(index, weights=probabilities, minlength=bins)
    random = np.random.default_rng(seed)
    errors = np.empty(draws)
    for draw in range(draws):
        came_true = random.random(len(probabilities)) < probabilities
        found = np.bincount(index[came_true], minlength=bins)
        errors[draw] = np.abs(found - expected).sum() / len(probabilities)
    return np.sort(errors)


def resampled_errors(
    stated: ArrayLike, came_true: ArrayLike, draws: int, bins: int = BINS, seed: int = 0
) -> np.ndarray:
    """Expected calibration errors of samples drawn with replacement: a bootstrap over images.

    Args:
        stated: Probabilities (n,), n at least 1.
        came_true: Booleans (n,).
        draws: Number of samples, each of n images.
        bins: Number of bins, as for `reliability`.
        seed: Random seed of the draws.

    Returns:
        float64 (draws,), what `reliability` finds in each sample.

    Raises:
        InputError: As `reliability` does.

    Example:
        >>> resampled_errors([0.5, 0.5], [True, True], draws=3).tolist()
        [0.5, 0.5, 0.5]
    """
    reliability(stated, came_true, bins)  # checks them
    probabilities = np.asarray(stated, dtype=np.float64)
    _, index = _bins(probabilities, bins)
    # A bin's count times its gap is the sum of its images' differences.
    differences = np.asarray(came_true, dtype=bool) - probabilities
    random = np.random.default_rng(seed)
    count = len(probabilities)
    errors = np.empty(draws)
    for draw in range(draws):
        drawn = random.integers(0, count, count)
        sums = np.bincount(index[drawn], weights=differences[drawn], minlength=bins)
        errors[draw] = np.abs(sums).sum() / count
    return errors


def _bins(probabilities: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The bins' edges, and the bin of every probability."""
    outside = (probabilities < -_ROUNDING) | (probabilities > 1 + _ROUNDING)
    if probabilities.ndim != 1 or not probabilities.size or bins < 1:
        raise InputError(
            f"probabilities of shape {probabilities.shape} cannot be put into {bins} bins",
            "shape (n,) with n of at least 1, and at least 1 bin",
        )
    if outside.any() or np.isnan(probabilities).any():
        raise InputError(
            "some of the probabilities are not between 0 and 1",
            "the outputs of a softmax, not its logits or percentages",
        )
    edges = np.linspace(0, 1, bins + 1)
    return edges, np.clip(np.searchsorted(edges, probabilities, side="left") - 1, 0, bins - 1)
