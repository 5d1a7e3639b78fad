"""The fast layers against Keras' own layers."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from convbias.networks.layers import (
    AveragePooling,
    Convolution,
    GlobalAveragePooling,
    MaxPooling,
)

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.normal(size=(3, 12, 12, 2)).astype(np.float32)


def output(layer, weights, images):
    """What a layer with these weights makes of images, compiled as in a network."""
    return np.asarray(
        jax.jit(lambda weights, images: layer.stateless_call(weights, [], images)[0])(
            weights, images
        )
    )


def zeros(kind, images, *arguments, **options):
    """A layer that has been built; drawing its weights would take longer than all else."""
    layer = kind(*arguments, kernel_initializer="zeros", **options)
    layer.build(images.shape)
    return layer


def random_weights(layer):
    return [GENERATOR.normal(size=weight.shape).astype(np.float32) for weight in layer.weights]


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 3, "padding": "same", "activation": "relu"},
        {"kernel_size": 5, "padding": "same"},
        {"kernel_size": 3, "padding": "same", "use_bias": False},
        {"kernel_size": 3, "padding": "valid", "activation": "relu"},
        {"kernel_size": 3, "padding": "same", "strides": 2},
        {"kernel_size": 3, "padding": "same", "dilation_rate": 2},
        {"kernel_size": 3, "padding": "valid", "dilation_rate": 3, "activation": "relu"},
        {"kernel_size": 5, "padding": "valid", "dilation_rate": 2},
        {"kernel_size": 2, "padding": "same", "activation": "relu"},
        {"kernel_size": 6, "padding": "same"},
        # None of these has a fast path; all must still be the stock layer.
        {"kernel_size": 2, "padding": "same", "strides": 2},
        {"kernel_size": 3, "padding": "same", "dilation_rate": (2, 1)},
        {"kernel_size": 4, "padding": "valid"},
        {"kernel_size": (3, 5), "padding": "same"},
        {"kernel_size": 3, "padding": "same", "groups": 2},
        {"kernel_size": 3, "padding": "same", "activation": "softmax"},
    ],
    ids=str,
)
def test_convolution_is_the_stock_layer(arguments):
    layer = zeros(Convolution, IMAGES, 4, **arguments)
    stock = zeros(keras.layers.Conv2D, IMAGES, 4, **arguments)
    assert stock.get_config() == {**layer.get_config(), "name": stock.name}
    weights = random_weights(layer)
    np.testing.assert_allclose(
        output(layer, weights, IMAGES), output(stock, weights, IMAGES), atol=5e-5
    )


@pytest.mark.parametrize("side", [11, 12])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("channels", [2, 4])  # gathered and in the Fourier domain
def test_a_dilated_convolution_is_fast_and_has_the_stock_layer_s_gradients(side, padding, channels):
    options = {"padding": padding, "dilation_rate": 2, "activation": "relu"}
    images = GENERATOR.normal(size=(2, side, side, channels)).astype(np.float32)
    layer = zeros(Convolution, images, 3, 3, **options)
    weights = random_weights(layer)
    towards = GENERATOR.normal(size=layer.compute_output_shape(images.shape))

    def gradients(kind):
        layer = zeros(kind, images, 3, 3, **options)

        def outputs(weights, images):
            return layer.stateless_call(weights, [], images)[0]

        traced = str(jax.make_jaxpr(outputs)(weights, images))
        assert ("conv_general_dilated" in traced) == (kind is keras.layers.Conv2D)
        weighted = jax.jit(jax.grad(lambda *given: (outputs(*given) * towards).sum(), (0, 1)))
        (kernel, bias), pixels = weighted(weights, images)
        return kernel, bias, pixels

    for found, expected in zip(gradients(Convolution), gradients(keras.layers.Conv2D), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    "arguments",
    [
        {"pool_size": 2},
        {"pool_size": 3},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 2, "strides": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("kind", "stock_kind"),
    [
        (MaxPooling, keras.layers.MaxPooling2D),
        (AveragePooling, keras.layers.AveragePooling2D),
    ],
)
def test_pooling_is_the_stock_layer(kind, stock_kind, arguments):
    layer, stock = kind(**arguments), stock_kind(**arguments)
    odd = IMAGES[:, :11, :11]
    np.testing.assert_allclose(layer(IMAGES), stock(IMAGES), atol=1e-6)
    np.testing.assert_allclose(layer(odd), stock(odd), atol=1e-6)


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_average_is_the_stock_layer(keepdims):
    layer = GlobalAveragePooling(keepdims=keepdims)
    stock = keras.layers.GlobalAveragePooling2D(keepdims=keepdims)
    np.testing.assert_allclose(layer(IMAGES), stock(IMAGES), atol=1e-6)


def test_configuration_weights_and_file_are_the_stock_layers(tmp_path):
    layer = Convolution(4, 3, padding="same", activation="relu", name="conv")
    stock = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")
    assert layer.get_config() == stock.get_config()
    network = keras.Sequential(
        [keras.Input((12, 12, 2)), layer, MaxPooling(2), GlobalAveragePooling()]
    )
    network.save(tmp_path / "network.keras")
    loaded: Any = keras.saving.load_model(tmp_path / "network.keras")
    assert isinstance(loaded.layers[0], Convolution)
    np.testing.assert_array_equal(
        network.predict(IMAGES, verbose=0), loaded.predict(IMAGES, verbose=0)
    )
