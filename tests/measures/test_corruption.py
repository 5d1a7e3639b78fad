"""Losses to corruptions on networks whose answers are known."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.data.transforms import add_noise
from convbias.measures.corruption import CORRUPTIONS, corrupted_accuracies, fine_gradient_share
from convbias.measures.corruption import measure as measure_corruption
from convbias.spec.arms import Dense
from subjects import make_subject

SIDE = 28
ROWS = np.arange(SIDE)[:, None] + np.zeros(SIDE)
FINE, COARSE = (np.cos(2 * np.pi * periods * ROWS / SIDE) for periods in (8, 3))


def sign_of(*patterns: np.ndarray) -> keras.Sequential:
    """Says 1 where the image has more of a pattern than none, by one pattern for each class."""
    network = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    weights = np.stack([np.zeros(SIDE**2), sum(patterns).ravel()], axis=1)
    network.set_weights([weights, np.zeros(2)])
    return network


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Half of them have a little of both patterns, half have as little of their negatives."""
    signs = np.where(np.arange(60) % 2, 1, -1)[:, None, None]
    pixels = 128 + signs * 3 * (FINE + COARSE)
    return np.rint(pixels).astype(np.uint8)[..., None]


LABELS = np.arange(60) % 2


def test_each_network_loses_to_the_noise_of_its_own_detail(images):
    fine, coarse = (
        corrupted_accuracies(sign_of(each), images, LABELS, 0) for each in (FINE, COARSE)
    )
    assert fine["accuracy_clean"] == coarse["accuracy_clean"] == 1
    assert fine["lost_to_coarse_noise"] == coarse["lost_to_fine_noise"] == 0
    assert fine["lost_to_fine_noise"] > 0
    assert coarse["lost_to_coarse_noise"] > 0
    difference = fine["lost_to_fine_over_coarse_noise"]
    assert difference == fine["lost_to_fine_noise"]
    assert coarse["lost_to_fine_over_coarse_noise"] == -coarse["lost_to_coarse_noise"]


def test_accuracies_are_those_of_the_corrupted_images(images):
    found = corrupted_accuracies(sign_of(FINE), images, LABELS, seed=4)
    noisy = add_noise(images, 32, seed=4).reshape(60, -1) / 255
    assert found["accuracy_noise_32"] == ((noisy @ FINE.ravel() > 0) == LABELS).mean()
    assert found["accuracy_at_strength_0"] == found["accuracy_clean"]
    for each in CORRUPTIONS:
        strengths = [found[f"accuracy_{each.name}_{strength:g}"] for strength in each.strengths]
        assert found[f"lost_to_{each.name}"] == pytest.approx(1 - np.mean(strengths))
    # A uniform image says nothing; nine tenths of the contrast leave the sign of a pattern.
    assert found["lost_to_contrast"] < 0.5
    other = corrupted_accuracies(sign_of(FINE), images, LABELS, seed=5)
    assert other["accuracy_noise_32"] != found["accuracy_noise_32"]


def test_gradients_by_hand(images):
    assert fine_gradient_share(sign_of(FINE), images) == pytest.approx(1, abs=1e-5)
    assert fine_gradient_share(sign_of(COARSE), images) == pytest.approx(0, abs=1e-5)
    # Amplitudes of 1 and 2 have energies of 1 and 4.
    assert fine_gradient_share(sign_of(FINE, 2 * COARSE), images) == pytest.approx(0.2, abs=1e-5)
    assert np.isnan(fine_gradient_share(sign_of(0 * FINE), images))


def test_all_test_images_are_measured():
    subject = make_subject(Dense(), images=30)
    found = measure_corruption(subject)
    assert found.images == 30
    answers = np.asarray(subject.network(subject.dataset.test_images / np.float32(255)))
    right = answers.argmax(axis=1) == subject.dataset.test_labels
    assert found.values["accuracy_clean"] == right.mean()
    assert 0 < found.values["fine_gradient_share"] < 1
