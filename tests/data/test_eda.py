"""Exploratory numbers by hand, and those of the real data as published."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.data.eda import Exploration, count_duplicates, explore, mean_images, touches_frame


@pytest.fixture(scope="module")
def small() -> Dataset:
    return Dataset("drawn", *drawn(n_train=305, n_test=50, seed=3))


@pytest.fixture(scope="session")
def real(fashion_mnist: Dataset) -> Exploration:
    return explore(fashion_mnist)


def test_counts_and_histogram(small: Dataset) -> None:
    explored = explore(small)
    for label in range(10):
        assert explored.train_counts[label] == (small.train_labels == label).sum()
        assert explored.test_counts[label] == 5
    assert explored.counts.sum() == 355
    assert not explored.perfectly_balanced
    for value in (0, 1, 100, 255):
        assert explored.pixel_counts[value] == (small.train_images == value).sum()
    assert explored.pixel_counts.sum() == 305 * 28 * 28
    assert explored.class_names == small.class_names


def test_a_class_without_images_is_counted(small: Dataset) -> None:
    labels = np.where(small.train_labels == 9, 0, small.train_labels)
    explored = explore(dataclasses.replace(small, train_labels=labels))
    assert explored.train_counts[9] == 0
    assert np.isnan(explored.mean_images[9]).all()


def test_mean_images_by_hand() -> None:
    images = np.array([[[0, 10]], [[5, 5]], [[100, 255]]], dtype=np.uint8)[..., np.newaxis]
    means = mean_images(images, np.array([1, 2, 1], dtype=np.uint8), classes=3)
    assert means[1].tolist() == [[50, 132.5]]
    assert means[2].tolist() == [[5, 5]]
    assert np.isnan(means[0]).all()


@pytest.mark.parametrize(
    ("row", "column", "value", "touches"),
    [
        (0, 14, 255, True),
        (27, 14, 255, True),
        (14, 0, 255, True),
        (14, 27, 255, True),
        (1, 1, 255, False),
        (26, 26, 255, False),
        (0, 0, 9, True),
        (0, 0, 8, False),
    ],
)
def test_touching_the_frame(row: int, column: int, value: int, touches: bool) -> None:
    images = np.zeros((2, 28, 28, 1), dtype=np.uint8)
    images[1, row, column] = value
    assert touches_frame(images).tolist() == [False, touches]


def test_duplicates_are_found(small: Dataset) -> None:
    assert count_duplicates(small.train_images, small.test_images) == 0
    planted = small.test_images.copy()
    planted[[4, 9]] = small.train_images[[0, 300]]
    assert count_duplicates(small.train_images, planted) == 2
    planted[4, 20, 20] ^= 1
    assert count_duplicates(small.train_images, planted) == 1
    assert explore(dataclasses.replace(small, test_images=planted)).duplicates == 1


def test_fashion_mnist_is_balanced(real: Exploration) -> None:
    assert real.train_counts.tolist() == [6_000] * 10
    assert real.test_counts.tolist() == [1_000] * 10
    assert real.counts.tolist() == [7_000] * 10
    assert real.perfectly_balanced


def test_fashion_mnist_fills_the_frame(real: Exploration, fashion_mnist: Dataset) -> None:
    assert round(100 * real.touching_frame, 1) == 99.7
    # The figure does not hang on the limit.
    frame = np.ones((28, 28), dtype=bool)
    frame[1:-1, 1:-1] = False
    brightest = fashion_mnist.test_images[:, frame, 0].max(axis=1)
    for limit in range(5, 13):
        assert round(100 * float((brightest > limit).mean()), 1) == 99.7
    assert round(100 * float((brightest > 0).mean()), 2) == 99.98


def test_fashion_mnist_repeats_no_training_image_in_the_test(real: Exploration) -> None:
    assert real.duplicates == 0


def test_fashion_mnist_mean_images(real: Exploration, fashion_mnist: Dataset) -> None:
    bags = fashion_mnist.train_images[fashion_mnist.train_labels == 8]
    assert real.mean_images[8, 14, 14] == pytest.approx(
        bags[:, 14, 14, 0].astype(int).sum() / 6_000
    )
    # The classes are equally large, so their means average to the mean of all pixels.
    assert real.mean_images.mean() / 255 == pytest.approx(fashion_mnist.pixel_mean)


def test_fashion_mnist_neighbours_are_always_correlated(
    real: Exploration, fashion_mnist: Dataset
) -> None:
    assert real.adjacent.pairs == 2 * 28 * 27
    assert real.adjacent.always_correlated
    assert real.adjacent.minimum > 0.1
    # One pair by another route.
    one, other = fashion_mnist.train_images[:, 13, 13, 0], fashion_mnist.train_images[:, 13, 14, 0]
    between = np.corrcoef(one.astype(float), other.astype(float))[0, 1]
    horizontal = [each for each in real.correlations if each.direction == "horizontal"]
    assert horizontal[0].minimum <= between <= horizontal[0].maximum
    means = [each.mean for each in horizontal]
    assert means[0] > 2 * means[6] > 0
