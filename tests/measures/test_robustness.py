"""Shifts and noise on networks whose answers are known."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.measures.robustness import robustness
from convbias.measures.shift_consistency import COMPASS
from convbias.networks import models
from convbias.networks.forward import compiled
from convbias.spec.arms import Dense

SIDE, MIDDLE = 7, 3


@pytest.fixture(scope="module")
def finder() -> keras.Sequential:
    """Answers with the number of the brightest pixel."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(SIDE**2, use_bias=False, kernel_initializer="identity"),
        ]
    )


def points(count: int) -> np.ndarray:
    images = np.zeros((count, SIDE, SIDE, 1), dtype=np.uint8)
    images[:, MIDDLE, MIDDLE] = 200
    return images


def test_an_eighth_of_the_images_goes_in_each_direction(finder):
    arrived = np.zeros((2, 24), dtype=int)
    for rows, columns in COMPASS:
        for row, distance in enumerate((1, 3)):
            target = (MIDDLE + distance * rows) * SIDE + MIDDLE + distance * columns
            labels = np.full(24, target, dtype=np.uint8)
            found = robustness(finder, points(24), labels, (distance,), ())
            assert found.shifted.shape == (1, 24)
            assert found.shifted.sum() == 3
            arrived[row] += found.shifted[0]
            assert found.kept.tolist() == [1.0]
    # Every image goes in one direction, and in the same at every distance.
    assert (arrived == 1).all()


def test_what_leaves_the_frame_is_counted(finder):
    images = points(8)
    images[:, MIDDLE, MIDDLE - 1] = 100
    found = robustness(finder, images, np.zeros(8, dtype=np.uint8), (3, 4), ())
    # By 3 pixels the darker one leaves to the left, straight and obliquely; by 4 everything leaves,
    # unless it is the darker one and goes straight to the right.
    np.testing.assert_allclose(found.kept, [1 - 3 / 8 / 3, 1 / 8 / 3])


def test_black_images_lose_nothing(finder):
    found = robustness(finder, np.zeros_like(points(8)), np.zeros(8, dtype=np.uint8), (1,), ())
    assert found.kept.tolist() == [1.0]


def test_noise_hides_a_point_as_soon_as_it_is_as_bright(finder):
    labels = np.full(64, MIDDLE * SIDE + MIDDLE, dtype=np.uint8)
    found = robustness(finder, points(64), labels, (), (0, 10, 2_000))
    # 200 is twenty standard deviations of the first noise above the ground.
    assert found.noisy[:2].all()
    # Half of the pixels are cut off at white then, and the first of them is the answer.
    assert found.noisy[2].mean() < 0.1


def test_no_change_gives_the_answers_to_unchanged_images():
    dataset = Dataset("drawn", *drawn(10, 70))
    network = models.build(Dense(), seed=3, standardise=(0.3, 0.35))
    right = compiled(network)(dataset.test_images).argmax(axis=1) == dataset.test_labels
    found = robustness(network, dataset.test_images, dataset.test_labels, (0,), (0,))
    np.testing.assert_array_equal(found.shifted[0], right)
    np.testing.assert_array_equal(found.noisy[0], right)
    assert 0 < right.sum() < len(right)


def test_a_compiled_network_is_the_network():
    dataset = Dataset("drawn", *drawn(10, 30))
    network = models.build(Dense(), seed=3)
    pixels = dataset.test_images.astype(np.float32) / 255
    np.testing.assert_allclose(
        compiled(network)(dataset.test_images), np.asarray(network(pixels)), atol=1e-6
    )
