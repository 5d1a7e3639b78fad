"""Labelled images for training and for the test, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from convbias.errors import DataError
from convbias.spec.datasets import DatasetName, description_of


def label_dtype(classes: int) -> np.dtype:
    """The smallest type of unsigned integers that numbers so many classes."""
    return np.min_scalar_type(classes - 1)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images for training and for the test; its arrays are read-only.

    Args:
        name: What the command line calls it.
        train_images: uint8 (n, side, side, channels), 0 to 255; the side is that of the described
            data set, or of a canvas.
        train_labels: uint8 (n,), or uint16 where there are more than 256 classes.
        test_images: uint8 (m, side, side, channels), 0 to 255.
        test_labels: as the training labels, (m,).
        class_names: One per label; by default those of the data set of that name.

    Raises:
        DataError: The arrays do not fit each other.
    """

    name: DatasetName
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.class_names:
            object.__setattr__(self, "class_names", description_of(self.name).class_names)
        for part in ("train", "test"):
            self._check(part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"))
        for array in ("train_images", "train_labels", "test_images", "test_labels"):
            # What was computed once, like the checksum, must stay true.
            view = getattr(self, array).view()
            view.flags.writeable = False
            object.__setattr__(self, array, view)

    def _check(self, part: str, images: np.ndarray, labels: np.ndarray) -> None:
        n = len(images)
        shape = (self.side, self.side, self.channels)
        images_fit = images.dtype == np.uint8 and images.shape == (n, *shape)
        dtype = label_dtype(len(self.class_names))
        labels_fit = labels.dtype == dtype and labels.shape == (n,)
        if n == 0 or not images_fit or not labels_fit:
            raise DataError(
                f"{self.name}: {part} images are {images.dtype} {images.shape},"
                f" {part} labels are {labels.dtype} {labels.shape}",
                f"uint8 (n, {', '.join(map(str, shape))}) and {dtype} (n,), the same n, at least 1",
                "check where the arrays come from",
            )
        if labels.max() >= len(self.class_names):
            raise DataError(
                f"{self.name}: a {part} label is {labels.max()}",
                f"labels from 0 to {len(self.class_names) - 1}, one per class name",
                "check where the arrays come from",
            )

    @property
    def title(self) -> str:
        """What sentences call it."""
        return description_of(self.name).title

    @property
    def side(self) -> int:
        """Pixels per side of every image."""
        return max((description_of(self.name).side, *self.train_images.shape[1:2]))

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for coloured ones."""
        return description_of(self.name).channels

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over the four arrays' bytes, in the order of the fields."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @cached_property
    def pixel_counts(self) -> np.ndarray:
        """int64 (256,): how often each pixel value occurs in the training images."""
        # Image by image in blocks: counting converts the pixels to 64-bit integers first.
        counts = np.zeros(256, dtype=np.int64)
        for start in range(0, len(self.train_images), 2_000):
            block = self.train_images[start : start + 2_000]
            counts += np.bincount(block.ravel(), minlength=256)
        return counts

    @cached_property
    def pixel_mean(self) -> float:
        """Mean of the training images' pixels, scaled to [0, 1]."""
        return float(self.pixel_counts @ np.arange(256) / self.pixel_counts.sum() / 255)

    @cached_property
    def pixel_std(self) -> float:
        """Standard deviation of the training images' pixels, scaled to [0, 1]."""
        deviation = np.arange(256) / 255 - self.pixel_mean
        return float(np.sqrt(self.pixel_counts @ deviation**2 / self.pixel_counts.sum()))
