"""How well the border of an image, where nothing of interest should be, tells its class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convbias.data.splits import chosen_once, folds
from convbias.spec.streams import Stream

MOST_IMAGES = 10_000  # that are looked at; more would make the interval narrower, not different
FOLDS = 5
RIDGE = 1e-2  # of the mean variance of a pixel, added to all: borders are often all black
QUANTILE = 2.576  # of the normal distribution, for an interval of 99 %


@dataclass(frozen=True)
class BorderResult:
    """How often a linear classifier of border pixels is right.

    Args:
        accuracy: Share (0 to 1) of held-out images whose class it gives.
        low: Lower end of the 99 % interval of this share.
        high: Its upper end.
        chance: Share of the most frequent class, which needs no pixel.
        images: How many images were held out, each once.
    """

    accuracy: float
    low: float
    high: float
    chance: float
    images: int


def border_tells_class(images: np.ndarray, labels: np.ndarray) -> BorderResult:
    """Predict classes from the outermost pixels by linear discriminants, in five folds.

    Args:
        images: uint8 (n, side, side, channels), at least two.
        labels: Integers (n,).

    Returns:
        The share of correct predictions, with E. B. Wilson's interval (Probable inference, the law
        of succession, and statistical inference, 1927).
    """
    if len(images) > MOST_IMAGES:
        chosen = chosen_once(labels, MOST_IMAGES, Stream.INSPECTED)
        images, labels = images[chosen], labels[chosen]
    ring = np.ones(images.shape[1:3], dtype=bool)
    ring[1:-1, 1:-1] = False
    pixels = images[:, ring].reshape(len(images), -1).astype(np.float64) / 255
    right = 0
    held_out = folds(labels, 0, min(FOLDS, len(labels)))
    for fold in held_out:
        rest = np.delete(np.arange(len(labels)), fold)
        predicted = _linear_discriminant(pixels[rest], labels[rest], pixels[fold])
        right += int(np.count_nonzero(predicted == labels[fold]))
    n = len(labels)
    low, high = _interval(right, n)
    return BorderResult(right / n, low, high, float(np.bincount(labels).max() / n), n)


def _linear_discriminant(pixels: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The most probable class where classes are normal with one covariance (R. A. Fisher, 1936)."""
    classes, numbers = np.unique(labels, return_inverse=True)
    counts = np.bincount(numbers)
    members = np.zeros((len(classes), len(labels)))
    members[numbers, np.arange(len(labels))] = 1
    means = members @ pixels / counts[:, np.newaxis]
    within = pixels - means[numbers]
    covariance = within.T @ within / len(pixels)
    variance = covariance.trace() / len(covariance)
    # A constant keeps it invertible where no pixel varies at all.
    covariance.flat[:: len(covariance) + 1] += RIDGE * variance + 1e-9
    weights = np.linalg.solve(covariance, means.T)
    offsets = np.log(counts) - (means.T * weights).sum(axis=0) / 2
    return classes[(asked @ weights + offsets).argmax(axis=1)]


def _interval(right: int, n: int) -> tuple[float, float]:
    share, squared = right / n, QUANTILE**2
    middle = (share + squared / (2 * n)) / (1 + squared / n)
    half = QUANTILE / (1 + squared / n) * math.sqrt(share * (1 - share) / n + squared / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
