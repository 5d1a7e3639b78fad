"""Test images of the page: some to choose from, and a sample to measure on."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import numpy as np

from convbias.data.dataset import Dataset
from convbias.data.variants import SEED

MOST_CHOOSABLE = 40  # as many of each class

# An accuracy of 90 % then has an interval of 3.4 points, and browsers measure it in seconds.
MOST_MEASURED = 1_200
MOST_BYTES = 4_000_000  # of their pixels, of which large images in colour have many


@dataclass(frozen=True, eq=False)
class MeasuredImages:
    """The images on which the page measures networks that readers bring.

    Args:
        count: How many there are.
        content: Compressed with gzip: each one's label as uint16, little endian, then the pixels
            as uint8, image by image, row by row, the channels of a pixel together.
    """

    count: int
    content: bytes


def choosable_images(dataset: Dataset) -> np.ndarray:
    """Indices of test images, the first of each class, ascending."""
    classes = len(dataset.class_names)
    of_each = max(1, MOST_CHOOSABLE // classes)
    indices = [np.flatnonzero(dataset.test_labels == label)[:of_each] for label in range(classes)]
    return np.sort(np.concatenate(indices)[:MOST_CHOOSABLE])


def measured_images(images: np.ndarray, labels: np.ndarray) -> MeasuredImages:
    """Draw test images, each equally likely, so that accuracies on them are those of the test set.

    Args:
        images: uint8 (n, side, side, channels), all test images.
        labels: (n,), their classes.

    Returns:
        All of them where there are no more than the sample holds.
    """
    most = max(MOST_CHOOSABLE, min(MOST_MEASURED, MOST_BYTES // images[0].size))
    count = min(len(images), most)
    drawn = np.sort(np.random.default_rng(SEED).choice(len(images), count, replace=False))
    classes = labels[drawn].astype("<u2")
    # Without the time of writing, so that the same study gives the same file.
    content = gzip.compress(classes.tobytes() + images[drawn].tobytes(), mtime=0)
    return MeasuredImages(count, content)
