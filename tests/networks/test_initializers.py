"""Initial weights against Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.networks.initializers import FEWEST_DRAWN, GlorotUniform

SHAPES = [(784, 128), (128, 10), (3, 3, 1, 32), (7, 7, 32, 64), (16, 18, 4), (300, 700)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_bit_is_that_of_keras(shape: tuple[int, ...]) -> None:
    for seed in (0, 2**31 - 1):
        ours, keras_own = GlorotUniform(seed)(shape), keras.initializers.GlorotUniform(seed)(shape)
        np.testing.assert_array_equal(ours, keras_own)


def test_one_of_the_shapes_needs_more_than_the_usual_length() -> None:
    assert max(np.prod(shape) for shape in SHAPES) > FEWEST_DRAWN


def test_a_network_can_be_stored_with_it() -> None:
    stored = keras.saving.serialize_keras_object(GlorotUniform(seed=3))
    again = keras.saving.deserialize_keras_object(stored)
    np.testing.assert_array_equal(again((4, 5)), GlorotUniform(seed=3)((4, 5)))
