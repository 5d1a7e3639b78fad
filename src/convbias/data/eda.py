"""Exploratory statistics of a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convbias.data import Dataset
from convbias.data.kept import kept
from convbias.data.pixel_correlation import (
    AdjacentPixels,
    CorrelationAtDistance,
    adjacent_pixels,
    correlation_by_distance,
    correlation_matrix,
    middle_in_grey,
)
from convbias.spec.datasets import description_of

# Fainter pixels are invisible residue. Of Fashion-MNIST's test images 99.7 % have content on the
# frame by any limit from 5 to 12, and 99.98 % have some pixel there that is not 0.
CONTENT_ABOVE = 8

KEPT_FROM = 10_000  # images, whose correlations take longer to compute than to read


@dataclass(frozen=True, eq=False)
class Exploration:
    """Exploratory statistics of a data set.

    Args:
        class_names: One per label.
        kind: What the images show, in the plural.
        train_counts: int64 (classes,), training images per class.
        test_counts: int64 (classes,), test images per class.
        mean_images: float64 (classes, side, side), with an axis of channels where there are
            several: mean training image per class, 0 to 255; not a number for a class without
            images.
        pixel_counts: int64 (256,), how often each pixel value occurs in the training images.
        touching_frame: Share (0 to 1) of the test images that have content, pixels above 8 of
            255, in the outermost rows or columns; a shift would push some of it out.
        duplicates: How many test images are also training images, pixel by pixel.
        correlations: Correlation of pixel pairs over the training images, by distance.
        adjacent: Whether neighbouring pixels are always correlated over the training images.
    """

    class_names: tuple[str, ...]
    kind: str
    train_counts: np.ndarray
    test_counts: np.ndarray
    mean_images: np.ndarray
    pixel_counts: np.ndarray
    touching_frame: float
    duplicates: int
    correlations: tuple[CorrelationAtDistance, ...]
    adjacent: AdjacentPixels

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes,): training and test images per class."""
        return self.train_counts + self.test_counts

    @property
    def perfectly_balanced(self) -> bool:
        """Whether training and test images each have all classes equally often."""
        return all(counts.min() == counts.max() for counts in (self.train_counts, self.test_counts))


def explore(dataset: Dataset) -> Exploration:
    """Compute the exploratory statistics of a data set; a second for Fashion-MNIST the first time.

    Args:
        dataset: A data set with at least two training images.
    """
    classes = len(dataset.class_names)
    matrix = _correlation_matrix(dataset)
    return Exploration(
        class_names=dataset.class_names,
        kind=description_of(dataset.name).kind,
        train_counts=np.bincount(dataset.train_labels, minlength=classes),
        test_counts=np.bincount(dataset.test_labels, minlength=classes),
        mean_images=mean_images(dataset.train_images, dataset.train_labels, classes),
        pixel_counts=dataset.pixel_counts,
        touching_frame=float(touches_frame(dataset.test_images).mean()),
        duplicates=count_duplicates(dataset.train_images, dataset.test_images),
        correlations=correlation_by_distance(matrix, range(1, len(matrix) // 2 + 1)),
        adjacent=adjacent_pixels(matrix),
    )


def _correlation_matrix(dataset: Dataset) -> np.ndarray:
    """Compute the correlations of pixels, or read those of many images from the user's cache."""
    if len(dataset.train_images) < KEPT_FROM:
        return correlation_matrix(middle_in_grey(dataset.train_images))
    return kept(
        "correlations",
        (np.__version__, dataset.checksum),
        ("data/pixel_correlation.py",),
        lambda: {"matrix": correlation_matrix(middle_in_grey(dataset.train_images))},
    )["matrix"]


def mean_images(images: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Average the images of each class.

    Args:
        images: uint8 (n, height, width, channels).
        labels: Integers (n,).
        classes: How many classes there are.

    Returns:
        float64 (classes, height, width), of coloured images (classes, height, width, 3); not a
        number for a class without images.
    """
    pictures = images[..., 0] if images.shape[3] == 1 else images
    means = np.full((classes, *pictures.shape[1:]), np.nan)
    for label in np.unique(labels):
        means[label] = pictures[labels == label].mean(axis=0)
    return means


def touches_frame(images: np.ndarray) -> np.ndarray:
    """Find the images that have content in their outermost rows or columns.

    Args:
        images: uint8 (n, height, width, channels), light on black.

    Returns:
        Boolean (n,).
    """
    frame = np.ones(images.shape[1:3], dtype=bool)
    frame[1:-1, 1:-1] = False
    return np.greater(images[:, frame].max(axis=(1, 2)), CONTENT_ABOVE)


def count_duplicates(train_images: np.ndarray, test_images: np.ndarray) -> int:
    """Count the test images that are also training images, pixel by pixel.

    Args:
        train_images: uint8 (n, height, width, channels).
        test_images: uint8 (m, height, width, channels).
    """
    known = {image.tobytes() for image in train_images}
    return sum(image.tobytes() in known for image in test_images)
