"""Shape bias of networks that go by one thing alone."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.measures.shape import measure, shape_and_texture
from convbias.spec.arms import Convolutional
from subjects import make_subject

SIDE = 12
GREYS = (100, 200)  # by class
LABELS = np.arange(20) % 2


def garments() -> np.ndarray:
    """Dark ones in the upper half, bright ones in the lower half."""
    images = np.zeros((20, SIDE, SIDE, 1), dtype=np.uint8)
    images[0::2, :6], images[1::2, 6:] = GREYS
    return images


def linear(weights: np.ndarray, bias: float) -> keras.Sequential:
    """Says 1 where the weighted pixels exceed the bias."""
    network = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    both = np.stack([np.zeros(SIDE**2), weights.ravel()], axis=1)
    network.set_weights([both, np.array([0, -bias])])
    return network


LOWER = np.repeat([-1.0, 1.0], 6)[:, None] * np.ones(SIDE)
BY_PLACE = linear(LOWER, 0.0)
BY_GREY = linear(np.ones((SIDE, SIDE)), 72 * 150 / 255)  # the mean of dark and bright halves


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (BY_PLACE, {"shape_bias": 1, "shape_answers": 1, "texture_answers": 0}),
        (BY_GREY, {"shape_bias": 0, "shape_answers": 0, "texture_answers": 1}),
    ],
    ids=["place", "grey"],
)
def test_hybrids_tell_what_a_network_goes_by(network, expected):
    found, _ = shape_and_texture(network, garments(), LABELS, seed=0)
    assert expected.items() <= found.items()
    assert found["accuracy_whole"] == found["accuracy_cut_out"] == 1
    assert found["answers_to_black"] == 1


def test_silhouettes_and_textures_alone():
    by_place, _ = shape_and_texture(BY_PLACE, garments(), LABELS, seed=0)
    by_grey, _ = shape_and_texture(BY_GREY, garments(), LABELS, seed=0)
    assert by_place["silhouette_accuracy"] == 1
    assert by_grey["silhouette_accuracy"] == 0.5  # all in one grey
    assert by_place["texture_accuracy"] == 0.5  # everywhere alike
    assert by_grey["texture_accuracy"] == 0.5  # a whole image of either grey is above


def test_without_any_answer_of_the_two_there_is_no_bias():
    silent = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    silent.set_weights([np.zeros((SIDE**2, 3)), np.array([0.0, 0.0, 1.0])])
    found, _ = shape_and_texture(silent, garments(), LABELS, seed=0)
    assert "shape_bias" not in found
    assert found["shape_answers"] == found["texture_answers"] == 0


def test_examples_are_the_stimuli():
    _, (whole, grey, others, patterns, hybrids) = shape_and_texture(
        BY_GREY, garments(), LABELS, seed=0
    )
    np.testing.assert_array_equal(whole, garments()[:4, :, :, 0])
    np.testing.assert_array_equal(grey, np.where(whole > 0, 150, 0))
    np.testing.assert_array_equal(np.unique(others[0]), [0, 200])
    assert (patterns[0] == 200).all()
    np.testing.assert_array_equal(hybrids[0], np.where(whole[0] > 0, 200, 0))


def test_all_test_images_are_measured():
    found = measure(make_subject(Convolutional(filters=(2, 2)), images=30))
    assert found.images == 30
    assert found.pictures["shape_examples"].shape == (5, 4, 28, 28)
