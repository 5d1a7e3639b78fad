"""The drawn garments: balanced, reproducible, and neither trivial nor impossible."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from convbias.data import load
from convbias.data.drawn import drawn
from convbias.data.garments import GARMENTS
from convbias.data.sketch import Sketch
from convbias.errors import InputError
from factories import CLASS_NAMES

pytestmark = pytest.mark.slow

Arrays = tuple[np.ndarray, ...]


@pytest.fixture(scope="module")
def parts() -> Arrays:
    return drawn()


def digest(arrays: Arrays) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def unmoved(low: float, high: float) -> float:
    """The middle of every range: no turn, no shift."""
    return (low + high) / 2


def test_shapes_and_balance(parts: Arrays) -> None:
    train_images, train_labels, test_images, test_labels = parts
    assert train_images.shape == (6_000, 28, 28, 1)
    assert test_images.shape == (1_000, 28, 28, 1)
    assert {array.dtype for array in parts} == {np.dtype(np.uint8)}
    assert np.bincount(train_labels).tolist() == [600] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    # In no order that a batch would notice.
    assert len(np.unique(train_labels[:100])) == 10


def test_classes_are_those_of_fashion_mnist() -> None:
    assert tuple(GARMENTS) == CLASS_NAMES


def test_the_seed_decides_everything() -> None:
    first = drawn(n_train=60, n_test=30, seed=1)
    assert digest(drawn(n_train=60, n_test=30, seed=1)) == digest(first)
    assert digest(drawn(n_train=60, n_test=30, seed=2)) != digest(first)


def test_load_gives_the_same_images(parts: Arrays) -> None:
    dataset = load("drawn")
    assert dataset.checksum == digest(parts)
    assert dataset.class_names == CLASS_NAMES


def test_every_image_differs_and_shows_something(parts: Arrays) -> None:
    train_images, _, test_images, _ = parts
    images = np.concatenate([train_images, test_images])
    assert len({image.tobytes() for image in images}) == len(images)
    assert (images.max(axis=(1, 2, 3)) > 30).mean() > 0.99
    background = (images == 0).mean()
    assert 0.4 < background < 0.8  # Fashion-MNIST: 0.5


def test_training_and_test_images_are_drawn_apart() -> None:
    train_images, _, test_images, _ = drawn(n_train=40, n_test=40)
    assert not np.array_equal(train_images, test_images)


def test_harder_than_templates_and_easier_than_guessing(parts: Arrays) -> None:
    train_images, train_labels, test_images, test_labels = parts
    train = train_images[:3_000].reshape(3_000, -1) / 255
    test = test_images.reshape(1_000, -1) / 255
    distances = (train**2).sum(axis=1) - 2 * test @ train.T
    predicted = train_labels[distances.argmin(axis=1)]
    right = predicted == test_labels
    assert 0.65 < right.mean() < 0.92  # one nearest neighbour; on Fashion-MNIST 0.85
    # The confusions are the ones of the real data: shirts with the other garments for the top.
    shirts = predicted[test_labels == 6]
    assert right[test_labels == 6].mean() < 0.7
    assert np.isin(shirts, [0, 2, 4, 6]).mean() > 0.8
    assert right[test_labels == 9].mean() > 0.85


def test_a_polygon_lands_where_it_should() -> None:
    sketch = Sketch(unmoved)
    sketch.polygon([(0, 0), (0.5, 0), (0.5, 1), (0, 1)], shade=1)
    down, right = np.nonzero(sketch.pixels() > 127)
    # The middle of every range means a picked 0.5, at which the sheet is mirrored.
    assert 6 <= right.min() <= 8
    assert 13 <= right.max() <= 14
    assert 13 <= down.min() <= 14
    assert 25 <= down.max() <= 27


def test_half_an_outline_is_completed() -> None:
    sketch = Sketch(unmoved)
    sketch.symmetric([(0.5, -0.5), (0.5, 0.5)], shade=1)
    pixels = sketch.pixels()
    # A full square of about 12.6 x 12.3 pixels, with no gap between the halves.
    assert (pixels > 127).sum() in range(140, 183)
    assert (pixels[9:19, 9:19] == 255).all()


def test_both_halves_are_mirror_images() -> None:
    sketch = Sketch(unmoved)
    sketch.both([(0.2, -0.5), (0.7, -0.3), (0.4, 0.6)], shade=1)
    sketch.symmetric([(0.1, -0.9), (0.3, -0.7)], shade=0.5)
    pixels = sketch.pixels().astype(int)
    # Edges round to one side by up to a quarter pixel.
    assert np.abs(pixels - pixels[:, ::-1]).max() <= 100
    assert np.abs(pixels - pixels[:, ::-1]).mean() < 5


@pytest.mark.parametrize("wrong", [{"n_train": 0}, {"n_test": -1}, {"seed": -1}])
def test_impossible_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="asked for"):
        drawn(**wrong)
