"""The data sets: uint8 images with labels, their fixed splits and nested subsets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import get_args

import numpy as np

from convbias import fashion_mnist
from convbias.config import DatasetName
from convbias.drawn import drawn
from convbias.errors import AbsentDataError, DataError, InputError, did_you_mean
from convbias.fashion_mnist import FileReport, verify

__all__ = [
    "CLASS_NAMES",
    "SPLIT_SIZES",
    "Dataset",
    "FileReport",
    "fetch",
    "load",
    "resolve",
    "split",
    "subset",
    "verify",
]

CLASS_NAMES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle Boot",
)

IMAGE_SIDE = 28

# Images in the training split, the validation split and the test set, known without loading any.
SPLIT_SIZES: dict[DatasetName, tuple[int, int, int]] = {
    "fashion-mnist": (54_000, 6_000, 10_000),
    "drawn": (5_400, 600, 1_000),
}

# Beside the seed, each random purpose has its own constant, so that no two share their draws.
SPLIT_PURPOSE = 1
SUBSET_PURPOSE = 2


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images for training and for the test; its arrays are read-only.

    Args:
        name: What the command line calls it.
        train_images: uint8 (n, side, side, 1), 0 to 255; 28 pixels per side, or those of a canvas.
        train_labels: uint8 (n,).
        test_images: uint8 (m, side, side, 1), 0 to 255.
        test_labels: uint8 (m,).
        class_names: One per label.

    Raises:
        DataError: The arrays do not fit each other.
    """

    name: DatasetName
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    class_names: tuple[str, ...] = CLASS_NAMES

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            self._check(part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"))
        for array in ("train_images", "train_labels", "test_images", "test_labels"):
            # What was computed once, like the checksum, must stay true.
            view = getattr(self, array).view()
            view.flags.writeable = False
            object.__setattr__(self, array, view)

    def _check(self, part: str, images: np.ndarray, labels: np.ndarray) -> None:
        n = len(images)
        shape = (self.side, self.side, 1)
        images_fit = images.dtype == np.uint8 and images.shape == (n, *shape)
        labels_fit = labels.dtype == np.uint8 and labels.shape == (n,)
        if n == 0 or not images_fit or not labels_fit:
            raise DataError(
                f"{self.name}: {part} images are {images.dtype} {images.shape},"
                f" {part} labels are {labels.dtype} {labels.shape}",
                f"uint8 (n, {', '.join(map(str, shape))}) and uint8 (n,), the same n, at least 1",
                "check where the arrays come from",
            )
        if labels.max() >= len(self.class_names):
            raise DataError(
                f"{self.name}: a {part} label is {labels.max()}",
                f"labels from 0 to {len(self.class_names) - 1}, one per class name",
                "check where the arrays come from",
            )

    @property
    def side(self) -> int:
        """Pixels per side of every image."""
        return max((IMAGE_SIDE, *self.train_images.shape[1:2]))

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


def load(name: DatasetName, folder: Path | None = None) -> Dataset:
    """Load a data set.

    Fashion-MNIST (H. Xiao, K. Rasul and R. Vollgraf, 2017) has 60,000 images for training and
    10,000 for the test. It is looked for in the folder that CONVBIAS_DATA names, else in the
    user's cache, else it is downloaded into that cache; its files' checksums are verified each
    time. `drawn` is generated: 6,000 and 1,000 images.

    Args:
        name: Which data set.
        folder: Where the files of Fashion-MNIST lie, instead of CONVBIAS_DATA.

    Returns:
        The data set.

    Raises:
        InputError: No data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    if _known(name) == "drawn":
        return Dataset("drawn", *drawn())
    train_images, train_labels, test_images, test_labels = fashion_mnist.read(folder)
    return Dataset(
        "fashion-mnist",
        train_images[..., np.newaxis],
        train_labels,
        test_images[..., np.newaxis],
        test_labels,
    )


def fetch(name: DatasetName) -> Path:
    """Make sure that a data set's files are there and undamaged, downloading what is missing.

    Args:
        name: Which data set.

    Returns:
        The folder that holds the files.

    Raises:
        InputError: The data set has no files, or no data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    if _known(name) == "drawn":
        raise InputError(
            "the data set 'drawn' has no files: it is generated",
            "a data set that is downloaded: fashion-mnist",
            "use --dataset drawn as it is; there is nothing to fetch",
        )
    return fashion_mnist.fetch()


def resolve(name: str) -> tuple[DatasetName, DataError | None]:
    """Turn what a user wrote for a data set into its name.

    Args:
        name: A data set, or `auto`: Fashion-MNIST where it is found or can be downloaded, else
            `drawn`. Files that are damaged, and a named folder without any, are an error.

    Returns:
        The data set's name, and why it is not Fashion-MNIST where `auto` had to give way.

    Raises:
        InputError: No data set has that name.
        DataError: Files are there, but unreadable or damaged, or the named folder holds none.
    """
    if name != "auto":
        return _known(name), None
    try:
        fashion_mnist.fetch()
    except AbsentDataError as error:
        return "drawn", error
    return "fashion-mnist", None


def _known(name: str) -> DatasetName:
    for known in get_args(DatasetName):
        if name == known:
            return known
    raise InputError(
        f"there is no data set {name!r}",
        "the name of a data set",
        did_you_mean(name, ("auto", *get_args(DatasetName))),
    )


def split(
    labels: np.ndarray, seed: int, validation_images: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split training images into a part to train on and a part to validate on.

    Both parts have the classes in the proportions of the whole: of classes of equal size, the
    validation part has the same numbers to within one image; of others, those of Webster's method.

    Args:
        labels: Integers (n,).
        seed: The run's seed, 0 or more.
        validation_images: How many are set aside; by default a tenth, which is 6,000 of
            Fashion-MNIST's 60,000.

    Returns:
        Indices int64 of the training part and of the validation part, each ascending.

    Raises:
        InputError: No image would be left in one of the parts, or the seed is negative.

    Example:
        >>> train, validation = split(np.repeat(np.arange(10), 20), seed=0)
        >>> len(train), len(validation)
        (180, 20)
    """
    n = len(labels)
    if validation_images is None:
        validation_images = n // 10
    if not 0 < validation_images < n:
        raise InputError(
            f"{validation_images} of {n} images cannot be set aside for validation",
            "at least 1 and fewer than there are",
            "choose another number, or use more images",
        )
    order = _stratified_order(labels, seed, SPLIT_PURPOSE)
    return np.sort(order[validation_images:]), np.sort(order[:validation_images])


def subset(indices: np.ndarray, labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Choose images of a training split; a larger subset holds every smaller one.

    The classes are in the proportions of the split: of classes of equal size, none has more than
    one image more than another; of others, their numbers are those of Webster's method.

    Args:
        indices: Integers, the split's indices into `labels`.
        labels: Integers (m,), of all images.
        n: How many to choose.
        seed: The run's seed, 0 or more.

    Returns:
        int64 (n,), ascending, chosen from `indices`.

    Raises:
        InputError: The split has fewer images, n is below 1, or the seed is negative.

    Example:
        >>> chosen = subset(np.arange(100, 200), np.arange(200) % 10, n=20, seed=0)
        >>> np.bincount(chosen % 10).tolist()
        [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    """
    if not 1 <= n <= len(indices):
        raise InputError(
            f"{n} images cannot be chosen from {len(indices)}",
            f"a number from 1 to {len(indices)}",
            "choose fewer training images",
        )
    order = _stratified_order(labels[indices], seed, SUBSET_PURPOSE)
    return np.sort(indices[order[:n]])


def _stratified_order(labels: np.ndarray, seed: int, purpose: int) -> np.ndarray:
    """Order images at random so that every beginning has the classes in proportion.

    The k-th image of a class of m stands at (k + 1/2) / m of the way; ties, which are the rule for
    classes of equal size, are broken at random. Beginnings of one order are nested.
    """
    if seed < 0:
        raise InputError(f"the seed is {seed}", "0 or more", "choose another seed")
    generator = np.random.Generator(np.random.PCG64([seed, purpose]))
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((generator.random(len(labels)), position))
