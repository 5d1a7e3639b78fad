"""How strongly two pixels at a distance vary together over images: the case for locality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from convbias.errors import InputError

Direction = Literal["horizontal", "vertical", "diagonal"]

# Rows down and columns right per unit of distance; a diagonal step is the square root of 2 long.
STEPS: dict[Direction, tuple[int, int]] = {
    "horizontal": (0, 1),
    "vertical": (1, 0),
    "diagonal": (1, 1),
}

UNCORRELATED_BELOW = 0.1

# 256 * 255**2 < 2**24: sums of products over so many images are exact even in float32.
EXACT_IMAGES = 256


@dataclass(frozen=True)
class CorrelationAtDistance:
    """Pearson correlations of all pixel pairs at one distance in one direction.

    Args:
        direction: From the first pixel of a pair to the second.
        distance: In steps of the direction.
        pairs: How many pairs have a correlation.
        excluded: How many have none, because a pixel has the same value in all images.
        mean: Mean over the pairs; not a number where there are none, like the rest.
        minimum: Least correlated pair.
        percentile_5: A twentieth of the pairs lie below.
        median: Half of the pairs lie below.
        percentile_95: A twentieth of the pairs lie above.
        maximum: Most correlated pair.
        uncorrelated: How many pairs have a correlation of magnitude below 0.1.
    """

    direction: Direction
    distance: int
    pairs: int
    excluded: int
    mean: float
    minimum: float
    percentile_5: float
    median: float
    percentile_95: float
    maximum: float
    uncorrelated: int


@dataclass(frozen=True)
class AdjacentPixels:
    """Whether pixels that share an edge are always correlated.

    A pair counts as uncorrelated when the magnitude of its correlation is below 0.1, the least
    that J. Cohen (Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 3) calls a
    small effect: one pixel then explains less than 1 % of the other's variance. A test of
    significance is no use as a threshold: over 60,000 images a correlation of 0.008 is significant
    at 5 %.

    Args:
        pairs: How many pairs of neighbours, horizontal and vertical, have a correlation.
        excluded: How many have none, because a pixel has the same value in all images.
        minimum: Least correlation of a pair; not a number where there are none.
        uncorrelated: How many pairs have a correlation of magnitude below 0.1.
    """

    pairs: int
    excluded: int
    minimum: float
    uncorrelated: int

    @property
    def uncorrelated_share(self) -> float:
        """Share of the pairs (0 to 1) that are uncorrelated."""
        return self.uncorrelated / self.pairs if self.pairs else float("nan")

    @property
    def always_correlated(self) -> bool:
        """Whether every pair is correlated."""
        return self.pairs > 0 and self.uncorrelated == 0


# A table of all pairs of pixels has the fourth power of the side as entries: here, 20 megabytes.
LARGEST_SIDE = 40


def middle_in_grey(images: np.ndarray) -> np.ndarray:
    """The part of images whose pixels are compared.

    Args:
        images: uint8 (n, height, width, channels).

    Returns:
        uint8 (n, height, width, 1): the middle 40 x 40 pixels of larger images; of coloured ones
        the mean of the channels, rounded.

    Example:
        >>> middle_in_grey(np.full((2, 64, 64, 3), 7, np.uint8)).shape
        (2, 40, 40, 1)
    """
    rows, columns = (
        slice((length - LARGEST_SIDE) // 2, (length + LARGEST_SIDE) // 2)
        if length > LARGEST_SIDE
        else slice(None)
        for length in images.shape[1:3]
    )
    middle = images[:, rows, columns]
    if middle.shape[3] == 1:
        return middle
    return np.rint(middle.mean(axis=3, keepdims=True, dtype=np.float32)).astype(np.uint8)


def correlation_matrix(images: np.ndarray) -> np.ndarray:
    """Pearson correlation over images between every two pixels.

    All sums are whole numbers and computed without rounding, so a pixel that never varies is
    recognised exactly, and the result does not depend on the number of threads.

    Args:
        images: uint8 (n, height, width, 1), n at least 2.

    Returns:
        float64 (height, width, height, width); not a number where a pixel has the same value in
        all images.

    Raises:
        InputError: The images have another type or shape, or are fewer than two.

    Example:
        >>> images = np.array([[[0, 0]], [[1, 9]], [[2, 9]]], dtype=np.uint8)[..., np.newaxis]
        >>> round(float(correlation_matrix(images)[0, 0, 0, 1]), 3)  # sqrt(3) / 2
        0.866
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 1 or len(images) < 2:
        raise InputError(
            f"images are {images.dtype} {images.shape}",
            "uint8 (n, height, width, 1) with n at least 2",
            "pass the images of a Dataset",
        )
    n, height, width, _ = images.shape
    pixels = images.reshape(n, height * width)
    sums = pixels.sum(axis=0, dtype=np.int64)
    products = np.zeros((height * width, height * width), dtype=np.int64)
    for start in range(0, n, EXACT_IMAGES):
        block = pixels[start : start + EXACT_IMAGES].astype(np.float32)
        products += (block.T @ block).astype(np.int64)
    covariance = (n * products - np.outer(sums, sums)).astype(np.float64)  # times n squared
    variance = np.diag(covariance)
    with np.errstate(invalid="ignore"):  # 0 / 0 is how a pixel without variance is marked
        correlation = covariance / np.sqrt(np.outer(variance, variance))
    return correlation.reshape(height, width, height, width)


def correlations_of_pairs(matrix: np.ndarray, direction: Direction, distance: int) -> np.ndarray:
    """Pick the correlations of all pixel pairs at one distance in one direction.

    Args:
        matrix: float64 (height, width, height, width), from `correlation_matrix`.
        direction: From the first pixel of a pair to the second.
        distance: In steps of the direction, at least 0 and less than the sides of the image.

    Returns:
        float64 (height - rows, width - columns): at the place of each pair's first pixel, the
        correlation with its second; not a number where a pixel never varies.
    """
    height, width = matrix.shape[:2]
    down, right = (distance * step for step in STEPS[direction])
    row, column = np.mgrid[: height - down, : width - right]
    return matrix[row, column, row + down, column + right]


def correlation_by_distance(
    matrix: np.ndarray, distances: Iterable[int] = range(1, 15)
) -> tuple[CorrelationAtDistance, ...]:
    """Summarise how correlation falls with distance.

    Args:
        matrix: float64 (height, width, height, width), from `correlation_matrix`.
        distances: In steps of each direction; by default up to half of a 28 x 28 image.

    Returns:
        One summary per direction and distance, direction by direction.
    """
    return tuple(
        _summarise(direction, distance, correlations_of_pairs(matrix, direction, distance))
        for direction in STEPS
        for distance in distances
    )


def _summarise(
    direction: Direction, distance: int, correlations: np.ndarray
) -> CorrelationAtDistance:
    present = correlations[~np.isnan(correlations)]
    mean, quantiles = float("nan"), [float("nan")] * 5
    if len(present):
        mean = float(present.mean())
        quantiles = np.quantile(present, [0, 0.05, 0.5, 0.95, 1]).tolist()
    minimum, percentile_5, median, percentile_95, maximum = quantiles
    return CorrelationAtDistance(
        direction=direction,
        distance=distance,
        pairs=len(present),
        excluded=correlations.size - len(present),
        mean=mean,
        minimum=minimum,
        percentile_5=percentile_5,
        median=median,
        percentile_95=percentile_95,
        maximum=maximum,
        uncorrelated=int(np.count_nonzero(np.abs(present) < UNCORRELATED_BELOW)),
    )


def adjacent_pixels(matrix: np.ndarray) -> AdjacentPixels:
    """Judge whether pixels that share an edge are always correlated.

    Args:
        matrix: float64 (height, width, height, width), from `correlation_matrix`.

    Returns:
        The horizontal and the vertical pairs at distance 1 taken together.
    """
    neighbours = [
        _summarise(direction, 1, correlations_of_pairs(matrix, direction, 1))
        for direction in ("horizontal", "vertical")
    ]
    return AdjacentPixels(
        pairs=sum(half.pairs for half in neighbours),
        excluded=sum(half.excluded for half in neighbours),
        minimum=float(np.fmin.reduce([half.minimum for half in neighbours])),
        uncorrelated=sum(half.uncorrelated for half in neighbours),
    )
