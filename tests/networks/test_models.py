"""The networks: parameter counts by hand, seeds, scaling."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from convbias.networks import models
from convbias.spec.arithmetic import parameters, weight_shapes
from convbias.spec.arms import Convolutional, Dense
from direct_sum import direct_sum
from factories import grey

pytestmark = pytest.mark.slow

IMAGES = np.random.default_rng(0).random((4, 28, 28, 1), dtype=np.float32)


def by_hand(kernel_size):
    """(taps x inputs + 1 bias) x outputs, layer by layer."""
    taps = kernel_size * kernel_size
    return (taps * 1 + 1) * 32 + (taps * 32 + 1) * 64 + (64 + 1) * 128 + (128 + 1) * 10


@pytest.mark.parametrize(("kernel_size", "count"), [(3, 28_426), (5, 61_706), (7, 111_626)])
def test_cnn_parameters(kernel_size, count):
    assert by_hand(kernel_size) == count
    assert models.build(Convolutional(kernel_size=kernel_size), seed=0).count_params() == count


def test_dilation_adds_no_parameters():
    for dilation in (2, 9):
        network = models.build(Convolutional(kernel_size=3, dilation=dilation), seed=0)
        assert network.count_params() == by_hand(3)


@pytest.mark.parametrize("side", [28, 29])
@pytest.mark.parametrize("padding", ["same", "valid", "circular"])
@pytest.mark.parametrize(("kernel_size", "dilation"), [(3, 2), (5, 3)], ids=str)
def test_a_dilated_layer_is_the_sum_over_its_taps(kernel_size, dilation, padding, side):
    model = Convolutional(
        kernel_size=kernel_size, dilation=dilation, padding=padding, downsampling="none"
    )
    network = models.build(model, seed=3, dimensions=grey(side))
    layer = network.get_layer("conv_1")
    images = np.random.default_rng(side).random((2, side, side, 1), dtype=np.float32)
    found = keras.Model(network.inputs[0], layer.output)(images)

    last = images.transpose(1, 2, 3, 0)
    reach = dilation * (kernel_size // 2)
    around = ((reach, reach), (reach, reach), (0, 0), (0, 0))
    if padding == "circular":
        last = np.pad(last, around, mode="wrap")
    expected = direct_sum(last, np.asarray(layer.kernel), dilation)
    if padding != "same":
        expected = expected[reach:-reach, reach:-reach]
    np.testing.assert_allclose(found, np.maximum(expected.transpose(3, 0, 1, 2), 0), atol=1e-5)


def test_a_stored_network_keeps_its_dilation(tmp_path):
    network = models.build(Convolutional(dilation=2, padding="circular"), seed=0)
    network.save(tmp_path / "network.keras")
    loaded: Any = keras.saving.load_model(tmp_path / "network.keras")
    for name in ("conv_1", "conv_2"):
        assert loaded.get_layer(name).dilation_rate == (2, 2)
        assert loaded.get_layer(name.replace("conv", "around")).pixels == 2
    np.testing.assert_array_equal(loaded(IMAGES), network(IMAGES))


def test_dense_parameters():
    count = (784 + 1) * 128 + (128 + 1) * 64 + (64 + 1) * 10
    assert count == 109_386
    assert models.build(Dense(), seed=0).count_params() == count


def test_layers_stand_in_the_published_order():
    def described(model):
        return [
            (
                type(layer).__mro__[1].__name__
                if "convbias" in type(layer).__module__
                else type(layer).__name__
            )
            for layer in models.build(model, seed=0).layers
        ]

    assert described(Dense()) == ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert described(Convolutional()) == [
        "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D",
        "Dense", "Dropout", "Dense",
    ]  # fmt: skip


def test_published_sizes_activations_and_rates():
    dense = {layer.name: layer for layer in models.build(Dense(), seed=0).layers}
    cnn = {layer.name: layer for layer in models.build(Convolutional(), seed=0).layers}
    assert [dense[name].rate for name in ("dropout_1", "dropout_2")] == [0.2, 0.2]
    assert cnn["dropout_1"].rate == 0.3
    assert [(cnn[name].filters, cnn[name].padding) for name in ("conv_1", "conv_2")] == [
        (32, "same"),
        (64, "same"),
    ]
    relu = [dense["dense_1"], dense["dense_2"], cnn["conv_1"], cnn["conv_2"], cnn["dense_1"]]
    assert {layer.activation.__name__ for layer in relu} == {"relu"}


@pytest.mark.parametrize("model", [Dense(), Convolutional(kernel_size=3)], ids=str)
def test_outputs_are_probabilities(model):
    probabilities = np.asarray(models.build(model, seed=0)(IMAGES))
    assert probabilities.shape == (4, 10)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_a_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (models.build(Convolutional(), seed=seed) for seed in (3, 3, 4))
    for one, two, three in zip(first.weights, again.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, two)
        if np.asarray(one).any():  # biases begin at zero for every seed
            assert not np.array_equal(one, three)


def test_standardising_is_the_same_function_of_standardised_pixels():
    plain = models.build(Convolutional(), seed=1)
    scaled = models.build(Convolutional(), seed=1, standardise=(0.25, 0.5))
    np.testing.assert_allclose(scaled(IMAGES), plain((IMAGES - 0.25) / 0.5), atol=1e-6)
    assert scaled.count_params() == plain.count_params()


@pytest.mark.parametrize(
    "model",
    [
        Dense(),
        Convolutional(kernel_size=5),
        Convolutional(dilation=2, padding="circular", downsampling="polyphase"),
        Convolutional(padding="valid", head="flatten", kernel_size=5),
        Convolutional(downsampling="stride", head="flatten", filters=(4, 5, 6)),
        Convolutional(padding="valid", downsampling="stride", head="flatten"),
        Convolutional(kernel_size=2, downsampling="average", head="flatten", filters=(3, 4, 5)),
        Convolutional(downsampling="blur", head="flatten", filters=(4, 5, 6)),
        Convolutional(downsampling="none", head="flatten", filters=(2,)),
        Convolutional(sharing="local", filters=(2, 3)),
    ],
    ids=lambda model: model.name,
)
def test_weights_have_the_shapes_that_arithmetic_says(model):
    """Traced, a network has shapes but no weights: drawing those takes a hundred times as long."""
    found = {}

    def build():
        network = models.build(model, seed=0)
        found["shapes"] = {
            layer.name: {weight.name: tuple(weight.shape) for weight in layer.weights}
            for layer in network.layers
            if layer.trainable_weights
        }
        found["parameters"] = network.count_params()

    jax.eval_shape(build)
    assert found["shapes"] == weight_shapes(model)
    assert found["parameters"] == parameters(weight_shapes(model))
