"""Names, classes and sizes of the data sets."""

from __future__ import annotations

from typing import Literal

DatasetName = Literal["fashion-mnist", "drawn"]

TITLES: dict[DatasetName, str] = {
    "fashion-mnist": "Fashion-MNIST",
    "drawn": "the drawn garments",
}

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

# Numbers of images in the training split, the validation split and the test set.
SPLIT_SIZES: dict[DatasetName, tuple[int, int, int]] = {
    "fashion-mnist": (54_000, 6_000, 10_000),
    "drawn": (5_400, 600, 1_000),
}
