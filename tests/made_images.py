"""Data sets like a person's own: small, coloured, unbalanced, of many classes."""

from __future__ import annotations

from functools import cache

import numpy as np

from convbias.data import Dataset
from convbias.data.dataset import label_dtype
from convbias.spec.datasets import DatasetDescription, DatasetName, register

COLOURED: DatasetName = "shapes-00c0ffee16"
MANY: DatasetName = "signs-00c0ffee12"
SMALL: DatasetName = "dots-00c0ffee08"
LARGE: DatasetName = "photos-00c0ffee96"

# Training images of each class, validation images included, and of the test set.
_COUNTS = {
    COLOURED: ((180, 90, 30), (60, 30, 10)),
    MANY: ((4,) * 300, (1,) * 300),
    SMALL: ((50, 50, 50, 50), (10, 10, 10, 10)),
    LARGE: ((300, 300), (20, 20)),
}
_FORMS = {COLOURED: (16, 3), MANY: (12, 1), SMALL: (8, 1), LARGE: (96, 3)}


def _description(name: DatasetName) -> DatasetDescription:
    train, test = _COUNTS[name]
    side, channels = _FORMS[name]
    return DatasetDescription(
        title=name.partition("-")[0],
        kind="images",
        class_names=tuple(f"class {label}" for label in range(len(train))),
        sizes=(sum(train) - sum(train) // 10, sum(train) // 10, sum(test)),
        side=side,
        channels=channels,
        source="made by a test",
        licence="as the package",
        remark=f"{name.partition('-')[0]}, not Fashion-MNIST",
    )


for _name in _FORMS:
    register(_name, _description(_name))


@cache
def made_dataset(name: DatasetName) -> Dataset:
    """Bars on a noisy ground, sorted by class.

    Their direction tells the class, and of coloured images so does their colour, less clearly.
    """
    random = np.random.default_rng(0)
    parts = [_drawn(name, counts, random) for counts in _COUNTS[name]]
    (images, labels), (test_images, test_labels) = parts
    return Dataset(name, images, labels, test_images, test_labels)


def _drawn(
    name: DatasetName, counts: tuple[int, ...], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    side, channels = _FORMS[name]
    labels = np.repeat(np.arange(len(counts)), counts).astype(label_dtype(len(counts)))
    images = random.integers(0, 100, (len(labels), side, side, channels), dtype=np.uint8)
    rows, columns = np.indices((side, side)) - (side - 1) / 2
    for image, label in zip(images, labels, strict=True):
        angle = np.pi * label / len(counts) + random.normal(0, 0.15)
        along = rows * np.cos(angle) + columns * np.sin(angle) - random.normal(0, side / 10)
        bar = np.abs(along) < side / 8
        image[bar, label % channels] = 230
    return images, labels
