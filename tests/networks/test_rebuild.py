"""Rebuilt networks compute the same function where they should."""

import jax
import keras
import numpy as np
import pytest

from convbias.errors import InputError
from convbias.networks import models
from convbias.networks.forward import in_batches, scaled
from convbias.networks.layers import (
    AveragePooling,
    Convolution,
    GlobalAveragePooling,
    MaxPooling,
)
from convbias.networks.rebuild import rebuild
from convbias.spec.arms import Convolutional, Dense
from shift_networks import classifier, convolution, local_trunk, random_images, trunk

pytestmark = pytest.mark.slow


def run(network, images):
    return np.asarray(jax.jit(network)(scaled(images)))


@pytest.mark.parametrize(
    "make_layers",
    [
        lambda: [
            *convolution(1, kind=Convolution, strides=2),
            MaxPooling(2),
            AveragePooling(2),
            GlobalAveragePooling(keepdims=True),
        ],
        lambda: convolution(1, kind=Convolution, dilation_rate=3),
        lambda: trunk("circular", "polyphase"),
        local_trunk,
    ],
    ids=["own", "dilated", "polyphase", "local"],
)
def test_stock_operations_are_the_same_function(make_layers):
    network, images = classifier(make_layers(), 12), random_images(3, 12)
    rebuilt = rebuild(network)
    np.testing.assert_allclose(run(rebuilt, images), run(network, images), atol=1e-5)
    own = {type(layer) for layer in rebuilt.layers} & {
        Convolution,
        MaxPooling,
        AveragePooling,
        GlobalAveragePooling,
    }
    assert not own


def test_the_same_weights_on_a_larger_canvas():
    """Without biases black stays black, so more of it adds nothing to the sum over all pixels."""
    network = classifier(trunk(method="max"), 16)
    for layer in ("conv_1", "conv_2"):
        bias = network.get_layer(layer).bias
        bias.assign(np.zeros(bias.shape))
    larger = rebuild(network, side=32)
    images = random_images(2, 16)
    images[:, :6] = images[:, -6:] = images[:, :, :6] = images[:, :, -6:] = 0
    canvas = np.zeros((2, 32, 32, 1), dtype=np.uint8)
    canvas[:, 12:28, 8:24] = images  # a multiple of the two poolings' stride away
    small, large = (
        run(keras.Model(one.inputs[0], one.get_layer("head").output), each)
        for one, each in ((network, images), (larger, canvas))
    )
    np.testing.assert_allclose(4 * large, small, atol=1e-5)
    assert small.min() > 0


@pytest.mark.parametrize("method", ["max", "blur", "polyphase", "stride"])
def test_without_subsampling_every_pixel_stays(method):
    plain = classifier(trunk("circular"), 12)
    network = classifier(trunk("circular", method), 12)
    network.set_weights(plain.get_weights())
    images = random_images(3, 12)
    full = rebuild(network, subsampling=False)
    assert full.get_layer("conv_2").output.shape == (None, 12, 12, 4)
    np.testing.assert_allclose(run(full, images), run(plain, images), atol=1e-5)
    assert np.abs(run(network, images) - run(plain, images)).max() > 1e-3


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_circular_padding_leaves_no_frame(padding):
    network = classifier(trunk(padding), 12)
    images = random_images(3, 12)
    around = np.roll(images, (5, 7), (1, 2))
    assert np.abs(run(network, around) - run(network, images)).max() > 1e-3
    frameless = rebuild(network, circular=True)
    np.testing.assert_allclose(run(frameless, around), run(frameless, images), atol=1e-5)


def test_circular_padding_of_a_circular_network_changes_nothing():
    network, images = classifier(trunk("circular", "blur"), 12), random_images(3, 12)
    frameless = rebuild(network, circular=True)
    np.testing.assert_allclose(run(frameless, images), run(network, images), atol=1e-5)


def test_circular_padding_reaches_as_far_as_a_dilated_kernel():
    network = classifier(convolution(1, dilation_rate=2), 12)
    images = random_images(3, 12)
    frameless = rebuild(network, circular=True)
    assert frameless.get_layer("conv_1").output.shape == (None, 12, 12, 4)
    around = np.roll(images, (5, 7), (1, 2))
    np.testing.assert_allclose(run(frameless, around), run(frameless, images), atol=1e-5)


def test_the_old_network_stays():
    network, images = classifier(trunk(method="max"), 12), random_images(3, 12)
    before = run(network, images)
    rebuilt = rebuild(network)
    for variable in rebuilt.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    np.testing.assert_array_equal(run(network, images), before)


@pytest.mark.parametrize(
    "make",
    [lambda: models.build(Dense(), seed=0), lambda: classifier(local_trunk(), 28)],
    ids=["dense", "local"],
)
def test_weights_that_belong_to_places_fit_one_size(make):
    with pytest.raises(InputError, match="40 x 40"):
        rebuild(make(), side=40)


def test_even_kernels_have_no_circular_padding():
    with pytest.raises(InputError, match="conv_1 has kernels of 2 pixels"):
        rebuild(models.build(Convolutional(kernel_size=2), seed=0), circular=True)


def test_branches_are_refused():
    inputs = keras.Input((12, 12, 1))
    branching = keras.Model(inputs, keras.layers.Add()([inputs, inputs]))
    with pytest.raises(InputError, match="one after the other"):
        rebuild(branching)


@pytest.mark.parametrize("count", [1, 3, 4, 7, 8, 9])
def test_batches_have_one_shape_and_lose_nothing(count):
    shapes = set()

    def squared(batch):
        shapes.add(batch.shape)
        return batch**2

    images = np.arange(2 * count).reshape(count, 2)
    np.testing.assert_array_equal(in_batches(squared, images, largest=4), images**2)
    assert len(shapes) == 1
    assert shapes.pop()[0] <= 4
