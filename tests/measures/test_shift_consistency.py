"""Consistency under shifts: by hand, and of networks whose consistency is known."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.errors import InputError
from convbias.measures.shift_consistency import (
    ShiftConsistency,
    compass_shifts,
    measure,
    shift_consistency,
)
from convbias.networks import models
from convbias.spec.arms import Convolutional, Dense
from factories import grey
from shift_networks import classifier, random_images, subject, trunk

pytestmark = pytest.mark.slow

LABELS = np.zeros(6, dtype=np.uint8)


def right_of_the_middle():
    """A network on 5 x 5 pixels: class 1 if the bright pixel is in the last two columns."""
    network = keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", use_bias=False),
        ]
    )
    kernel = np.zeros((5, 5, 2))
    kernel[:, :3, 0] = kernel[:, 3:, 1] = 1
    network.set_weights([kernel.reshape(25, 2)])
    return network


def test_by_hand():
    images = np.array([255, 255, 0], dtype=np.uint8).reshape(3, 1, 1, 1)
    result = shift_consistency(right_of_the_middle(), images, np.array([0, 1, 0]), largest=2)
    # A bright pixel gets class 1 at the three of eight places of each distance that lie to the
    # right; the black image has equal logits, hence always the first class.
    np.testing.assert_allclose(result.accuracy_by_distance, [2 / 3, *[(5 / 8 + 3 / 8 + 1) / 3] * 2])
    # 6 of 17 shifts give class 1: 15 + 55 of 136 pairs agree.
    np.testing.assert_allclose(result.consistency, [70 / 136, 70 / 136, 1])
    # Of 8 steps along the axes and 8 around the ring of distance 1, three cross the border.
    np.testing.assert_allclose(result.one_pixel_flips, [3 / 16, 3 / 16, 0])
    numbers = result.numbers
    assert numbers["accuracy_at_shift_0"] == pytest.approx(2 / 3)
    assert numbers["shift_consistency"] == pytest.approx((2 * 70 / 136 + 1) / 3)
    assert numbers["one_pixel_flip_probability"] == pytest.approx(2 / 16)


def test_the_compass():
    shifts = compass_shifts(6)
    assert len({tuple(shift) for shift in shifts.tolist()}) == len(shifts) == 49
    assert np.bincount(np.abs(shifts).max(axis=1)).tolist() == [1] + 6 * [8]
    assert shifts.sum(axis=0).tolist() == [0, 0]
    steps = np.abs(shifts[:, None] - shifts).sum(axis=2) == 1
    assert steps.sum() / 2 == 4 * 6 + 8


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))
def test_agrees_with_counting(largest, classes, seed):
    shifts = compass_shifts(largest)
    random = np.random.default_rng(seed)
    predicted = random.integers(0, classes, (len(shifts), 1)).astype(np.uint8)
    result = ShiftConsistency(shifts, predicted, np.zeros(1, dtype=np.uint8))
    counts = np.bincount(predicted[:, 0])
    agreeing = (counts * (counts - 1)).sum() / (len(shifts) * (len(shifts) - 1))
    np.testing.assert_allclose(result.consistency, [agreeing])
    said = dict(zip(map(tuple, shifts.tolist()), predicted[:, 0].tolist(), strict=True))
    steps = [
        said[row, column] != said[neighbour]
        for row, column in said
        for neighbour in ((row + 1, column), (row, column + 1))
        if neighbour in said
    ]
    np.testing.assert_allclose(result.one_pixel_flips, [np.mean(steps)])


def predictions(layers, head="average"):
    network = classifier(layers, 40, head)
    return shift_consistency(network, random_images(6, 28), LABELS)


@pytest.mark.parametrize("method", ["none", "polyphase"])
def test_circular_without_loss_of_pixels_is_exactly_consistent(method):
    result = predictions(trunk("circular", method))
    numbers = result.numbers
    assert numbers.pop("one_pixel_flip_probability") == 0
    assert numbers.pop("shift_consistency") == 1
    assert len(numbers) == 7
    assert len(set(numbers.values())) == 1


def test_circular_pooling_repeats_itself_every_four_pixels():
    result = predictions(trunk("circular", "max"))
    said = {
        tuple(shift): one
        for shift, one in zip(result.shifts.tolist(), result.predicted, strict=True)
    }
    for row, column in said:
        for down, right in ((4, 0), (0, 4), (4, 4)):
            if (row + down, column + right) in said:
                np.testing.assert_array_equal(said[row, column], said[row + down, column + right])


def test_a_flattened_head_is_not_consistent():
    numbers = predictions(trunk("circular"), head="flatten").numbers
    assert 0.2 < numbers["shift_consistency"] < 0.95
    assert numbers["one_pixel_flip_probability"] > 0.02


def test_a_canvas_without_room_is_refused():
    network = classifier(trunk(), 38)
    with pytest.raises(InputError, match="leaves a canvas of 38 x 38"):
        shift_consistency(network, random_images(6, 28), LABELS)
    with pytest.raises(InputError, match="at least 1"):
        shift_consistency(network, random_images(6, 28), LABELS, largest=0)


@pytest.mark.parametrize("downsampling", ["max", "stride", "blur"])
def test_the_measured_control_is_exact_where_the_network_is_not(downsampling):
    model = Convolutional(filters=(3, 4), downsampling=downsampling)
    measured = measure(subject(models.build(model, seed=0, dimensions=grey(40)), model))
    values = measured.values
    assert values["shift_consistency"] < 1
    assert values["stride_one_circular_consistency"] == 1
    assert 0 < values["exact_control_images"] <= 100
    assert measured.images == len(subject(models.build(model, seed=0), model).source.test_images)
    assert {f"accuracy_at_shift_{distance}" for distance in range(7)} < set(values)


@pytest.mark.parametrize(
    "model", [Dense(), Convolutional(filters=(2,), head="flatten")], ids=["dense", "flatten"]
)
def test_networks_without_an_average_have_no_control(model):
    values = measure(subject(models.build(model, seed=0, dimensions=grey(32)), model)).values
    assert "shift_consistency" in values
    assert "stride_one_circular_consistency" not in values
    assert "accuracy_at_shift_3" not in values  # two pixels are all the room there is


def test_without_room_nothing_is_measured():
    model = Convolutional(filters=(2,))
    assert measure(subject(models.build(model, seed=0), model)).values == {}
