"""Data variants: what they make of images, and that they train."""

import numpy as np
import pytest

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.data.transforms import block_permutation, permute
from convbias.data.variants import vary
from convbias.errors import InputError
from convbias.networks import models
from convbias.networks.engine import Engine
from convbias.networks.training import train
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.description import describe
from convbias.spec.recipes import classic

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def garments():
    return Dataset("drawn", *drawn(300, 40))


def test_without_a_change_the_data_set_is_the_same(garments):
    assert vary(garments, DataVariant(dataset="drawn", training_images=100)) is garments


CORNERS = [(0, 0), (0, 14), (14, 0), (14, 14)]


def quarter(images, corner):
    row, column = corner
    return images[:, row : row + 14, column : column + 14]


def moved_quarters(before, after):
    """For every quarter, which one it was before."""
    return [
        next(old for old in CORNERS if np.array_equal(quarter(before, old), quarter(after, new)))
        for new in CORNERS
    ]


def test_training_and_test_images_are_shuffled_alike(garments):
    """The same places change places, and every image keeps its pixels."""
    shuffled = vary(garments, DataVariant(dataset="drawn", shuffled_blocks=14))
    training = moved_quarters(garments.train_images, shuffled.train_images)
    assert sorted(training) == CORNERS != training
    assert moved_quarters(garments.test_images, shuffled.test_images) == training
    np.testing.assert_array_equal(shuffled.train_labels, garments.train_labels)


def test_test_images_lie_in_the_middle_and_training_images_off_it(garments):
    variant = DataVariant(dataset="drawn", canvas=40, largest_shift=6)
    canvases = vary(garments, variant)
    assert canvases.side == 40
    np.testing.assert_array_equal(canvases.test_images[:, 6:34, 6:34], garments.test_images)
    # Nothing is cut off, and both ends of the range of shifts are used.
    brightness = garments.train_images.sum(axis=(1, 2, 3), dtype=int)
    np.testing.assert_array_equal(canvases.train_images.sum(axis=(1, 2, 3), dtype=int), brightness)
    places = set()
    for image, canvas in zip(garments.train_images, canvases.train_images, strict=True):
        for top in range(13):
            places |= {
                (top, left)
                for left in range(13)
                if np.array_equal(canvas[top : top + 28, left : left + 28], image)
            }
    assert {top for top, _ in places} == {left for _, left in places} == set(range(13))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shuffled_blocks": 3}, "use 1, 2, 4, 7 or 14"),
        ({"canvas": 42}, "use 40 or 44"),
        ({"canvas": 40, "largest_shift": 7}, "use at most 6, or a larger canvas"),
        ({"largest_shift": 1}, "leaves a canvas of 28"),
    ],
)
def test_impossible_variants_are_input_errors(values, message):
    with pytest.raises(InputError, match=message):
        describe(DataVariant, values, "a profile")


@pytest.mark.parametrize("model", [Dense(), Convolutional()], ids=str)
def test_networks_train_on_a_canvas(model, garments):
    variant = DataVariant(dataset="drawn", canvas=32, largest_shift=2)
    [trained] = train(Arm(data=variant, model=model, recipe=classic(1)), [0], garments)
    assert trained.status == "finished"
    assert trained.network.input_shape == (None, 32, 32, 1)


def test_a_dense_network_does_not_see_a_permutation():
    """With its first layer's rows permuted alike, it trains as without: the exact control."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, size=(200, 28, 28, 1), dtype=np.uint8)
    labels = random.integers(0, 10, size=200).astype(np.int32)
    order = random.permutation(200)[None]
    pixels = block_permutation(28, 1, seed=3)
    plain, permuted = (models.build(Dense(), seed=5) for _ in range(2))
    kernel = permuted.get_layer("dense_1").kernel
    kernel.assign(np.asarray(kernel)[pixels])
    engine = Engine(models.Architecture(Dense()), classic(1), images=200)
    states, losses = [], []
    for network, seen in ((plain, images), (permuted, permute(images, pixels))):
        state, loss, _ = engine.epoch(engine.initial_state([network]), seen, labels, order)
        states.append(state)
        losses.append(loss)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    kernels = [np.asarray(state.trainable[0]) for state in states]
    np.testing.assert_allclose(kernels[1], kernels[0][pixels], atol=1e-5)
