"""Explanations of networks: answers by hand, identities on trained networks, NumPy references."""

import keras
import numpy as np
import pytest
from scipy.signal import correlate2d

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.errors import InputError
from convbias.measures.explain.class_map import class_map
from convbias.measures.explain.explanation import explain
from convbias.measures.explain.feature_maps import feature_maps
from convbias.measures.explain.integrated_gradients import integrated_gradients
from convbias.measures.explain.occlusion import occlusion_map
from convbias.networks.forward import Forward
from convbias.networks.models import build
from convbias.networks.training import train
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.datasets import Dimensions
from convbias.spec.recipes import scheduled

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
MODELS = {
    "dense": (Dense(), scheduled(2, 0.008)),
    "cnn": (Convolutional(), scheduled(2, 0.02)),
}


@pytest.fixture(scope="module")
def garments() -> Dataset:
    return Dataset("drawn", *drawn(300, 50))


@pytest.fixture(scope="module", params=MODELS)
def network(request: pytest.FixtureRequest, garments: Dataset) -> keras.Model:
    model, recipe = MODELS[request.param]
    arm = Arm(data=DataVariant(dataset="drawn"), model=model, recipe=recipe)
    [trained] = train(arm, [0], garments)
    return trained.network


@pytest.fixture(scope="module")
def forward(network: keras.Model) -> Forward:
    return Forward(network)


@pytest.fixture(scope="module")
def images(garments: Dataset) -> np.ndarray:
    return garments.test_images.astype(np.float32) / 255


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# The network taken apart


@pytest.mark.parametrize("n", [1, 127, 128, 129])
def test_logits_are_what_the_networks_probabilities_come_from(
    network: keras.Model, forward: Forward, images: np.ndarray, n: int
):
    some = images[np.arange(n) % len(images)]
    logits = forward.logits(some)
    assert logits.shape == (n, 10)
    probabilities = network.predict(some, verbose=0)
    np.testing.assert_allclose(softmax(logits), probabilities, rtol=1e-4, atol=1e-6)


def test_every_layers_output_is_the_networks_own(
    network: keras.Model, forward: Forward, images: np.ndarray
):
    given = images[:1]
    outputs = forward.outputs(images[0])
    assert list(outputs) == [layer.name for layer in network.layers]
    for layer in network.layers[:-1]:
        given = np.asarray(layer(given))
        np.testing.assert_allclose(outputs[layer.name], given[0], rtol=1e-4, atol=1e-5)


def test_gradients_are_finite_differences(forward: Forward):
    # Apart from black ground, on which units of a bias near zero bend.
    image, direction = GENERATOR.random((2, 28, 28, 1), np.float32)
    step = 1e-3
    logits = forward.logits(np.stack([image + step * direction, image - step * direction]))
    for label in (0, 9):
        slope = float((forward.gradients(image[None], label)[0] * direction).sum())
        expected = (logits[0] - logits[1])[label] / (2 * step)
        assert slope == pytest.approx(expected, rel=0.02, abs=0.02)


def test_a_network_without_softmax_is_refused():
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    with pytest.raises(InputError, match="ends in the layer flatten"):
        Forward(network)


# The exact account


def by_hand(*layers: keras.layers.Layer, weights: list[np.ndarray]) -> Forward:
    network = keras.Sequential([keras.Input((2, 2, 1)), *layers])
    network.set_weights([np.asarray(one, np.float32) for one in weights])
    return Forward(network)


IMAGE = np.array([[1, 2], [3, 4]], np.float32)[:, :, None]


def test_class_map_of_a_dense_network_by_hand():
    # Hidden units: a + d - 1 = 4, which passes, and -b - c = -5, which does not.
    forward = by_hand(
        keras.layers.Flatten(),
        keras.layers.Dense(2, "relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(2, "softmax"),
        weights=[[[1, 0], [0, -1], [0, -1], [1, 0]], [-1, 0], [[2, -3], [7, 7]], [0.5, 0]],
    )
    found = class_map(forward, IMAGE)
    assert found.layer is None
    np.testing.assert_allclose(found.contributions, [[[2, 0], [0, 8]], [[-3, 0], [0, -12]]])
    np.testing.assert_allclose(found.constants, [-2 + 0.5, 3])
    np.testing.assert_allclose(found.logits, [8.5, -12])


def test_class_map_of_a_convolutional_network_by_hand():
    # Filters x and 5 - 2x after ReLU, averaged: 2.5 and 1; hidden unit 2.5 + 2 - 0.5 = 4.
    forward = by_hand(
        keras.layers.Conv2D(2, 1, activation="relu", name="conv"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1, "relu"),
        keras.layers.Dense(2, "softmax"),
        weights=[[[[[1, -2]]]], [0, 5], [[1], [2]], [-0.5], [[1, -1]], [0, 1]],
    )
    found = class_map(forward, IMAGE)
    assert found.layer == "conv"
    first = np.array([[1 / 4 + 2 * 3 / 4, 2 / 4 + 2 * 1 / 4], [3 / 4, 4 / 4]])
    np.testing.assert_allclose(found.contributions, [first, -first])
    np.testing.assert_allclose(found.constants, [-0.5, 1.5])
    np.testing.assert_allclose(found.logits, [4, -3])


def test_class_map_begins_where_the_image_is_scaled():
    forward = by_hand(
        keras.layers.Rescaling(2, -3),
        keras.layers.Flatten(),
        keras.layers.Dense(2, "softmax"),
        weights=[[[1, 0], [0, 0], [0, 0], [0, 1]], [0, 0]],
    )
    found = class_map(forward, IMAGE)
    np.testing.assert_allclose(found.contributions, [[[2, 0], [0, 0]], [[0, 0], [0, 8]]])
    np.testing.assert_allclose(found.constants, [-3, -3])


def test_an_activation_that_is_not_piecewise_linear_is_refused():
    forward = by_hand(
        keras.layers.Flatten(),
        keras.layers.Dense(2, "tanh", name="curved"),
        keras.layers.Dense(2, "softmax"),
        weights=[np.ones((4, 2)), np.ones(2), np.ones((2, 2)), np.ones(2)],
    )
    with pytest.raises(InputError, match="the layer curved is not piecewise linear"):
        class_map(forward, IMAGE)


def test_class_maps_sum_up_to_all_ten_logits(forward: Forward, images: np.ndarray):
    logits = forward.logits(images)
    for image, expected in zip(images[:20], logits, strict=False):
        found = class_map(forward, image)
        np.testing.assert_allclose(found.logits, expected, rtol=1e-5, atol=1e-5)
        assert np.abs(found.contributions).max() > 0.001


@pytest.mark.parametrize("options", [{"head": "flatten"}, {"downsampling": "none"}])
def test_class_maps_of_other_networks(options: dict[str, str], images: np.ndarray):
    network = build(Convolutional(filters=(3, 4), **options), seed=0, standardise=(0.3, 0.4))
    network.set_weights([GENERATOR.normal(size=one.shape) for one in network.get_weights()])
    forward = Forward(network)
    found = class_map(forward, images[0])
    assert found.layer == ("conv_2" if "downsampling" in options else "pool_2")
    np.testing.assert_allclose(found.logits, forward.logits(images[:1])[0], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("network", ["dense"], indirect=True)
def test_what_a_dense_networks_map_is_on_its_pattern(forward: Forward, images: np.ndarray):
    """Image times gradient, which is the same for any piecewise linear function."""
    for image in images[:3]:
        found = class_map(forward, image)
        for label in range(10):
            gradient = forward.gradients(image[None], label)[0]
            expected = (image * gradient)[:, :, 0]
            np.testing.assert_allclose(found.contributions[label], expected, rtol=1e-3, atol=1e-5)


# Feature maps


def test_feature_maps_are_convolutions_after_relu(
    network: keras.Model, forward: Forward, images: np.ndarray
):
    found = feature_maps(forward, images[0])
    names = [layer.name for layer in network.layers if layer.name.startswith("conv")]
    assert list(found) == names
    if not names:
        return
    outputs = forward.outputs(images[0])
    inputs = {"conv_1": outputs.get("standardise", images[0]), "conv_2": outputs["pool_1"]}
    for name, given in inputs.items():
        kernel, bias = (np.asarray(one) for one in network.get_layer(name).get_weights())
        assert found[name].shape == (*given.shape[:2], len(bias))
        for each in (0, len(bias) - 1):
            response = sum(
                correlate2d(given[:, :, channel], kernel[:, :, channel, each], mode="same")
                for channel in range(given.shape[2])
            )
            expected = np.maximum(response + bias[each], 0)
            np.testing.assert_allclose(found[name][:, :, each], expected, rtol=1e-3, atol=1e-4)


# Occlusion


@pytest.mark.parametrize(("side", "stride", "grey"), [(5, 1, 0), (4, 3, 0), (3, 2, 100)])
def test_occlusion_of_a_linear_network_is_what_the_square_holds(side: int, stride: int, grey: int):
    weights = GENERATOR.normal(size=(784, 3)).astype(np.float32)
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    network.set_weights([weights, np.zeros(3)])
    image = GENERATOR.integers(0, 256, (28, 28, 1), dtype=np.uint8)
    found = occlusion_map(Forward(network), image, side, stride, grey)
    difference = (image.astype(float) - grey) / 255 * weights.reshape(28, 28, 3)
    count = -(-28 // stride)
    assert found.shape == (3, count, count)
    for row, column in np.ndindex(count, count):
        top, left = row * stride - side // 2, column * stride - side // 2
        square = difference[max(top, 0) : top + side, max(left, 0) : left + side]
        np.testing.assert_allclose(found[:, row, column], square.sum(axis=(0, 1)), atol=1e-4)


def test_covering_black_with_black_changes_nothing(forward: Forward, garments: Dataset):
    image = np.zeros((28, 28, 1), np.uint8)
    image[:8] = garments.test_images[0, 10:18]
    drops = occlusion_map(forward, image)
    assert (drops[:, 10:] == 0).all()
    assert np.abs(drops[:, :10]).max() > 0.01


# Integrated gradients


def test_integrated_gradients_of_a_linear_network_are_image_times_weight():
    weights = GENERATOR.normal(size=(4, 2)).astype(np.float32)
    forward = by_hand(
        keras.layers.Flatten(), keras.layers.Dense(2, "softmax"), weights=[weights, [3, 4]]
    )
    for steps in (1, 130):
        found = integrated_gradients(forward, IMAGE, 1, steps)
        expected = IMAGE[:, :, 0] * weights[:, 1].reshape(2, 2)
        np.testing.assert_allclose(found.attributions, expected, rtol=1e-5)
        assert found.difference == pytest.approx(expected.sum(), abs=1e-5)


def test_integrated_gradients_of_a_bend_by_hand():
    """A unit of pixel a - 0.25, image a = 1: it is silent for a quarter of the way."""
    forward = by_hand(
        keras.layers.Flatten(),
        keras.layers.Dense(1, "relu"),
        keras.layers.Dense(2, "softmax"),
        weights=[[[1], [0], [0], [0]], [-0.25], [[2, 0]], [0, 0]],
    )
    found = integrated_gradients(forward, IMAGE, 0, steps=8)
    np.testing.assert_allclose(found.attributions, [[1.5, 0], [0, 0]])
    assert found.difference == pytest.approx(1.5)
    assert found.error == pytest.approx(0, abs=1e-6)


def test_integrated_gradients_are_complete(forward: Forward, images: np.ndarray):
    """Within 1 % of the logit's difference and 0.02 logits."""
    for image, label in ((images[0], 0), (images[1], 5), (images[2], 9)):
        found = integrated_gradients(forward, image, label)
        logits = forward.logits(np.stack([image, np.zeros_like(image)]))[:, label]
        assert found.difference == pytest.approx(logits[0] - logits[1], abs=1e-4)
        assert abs(found.error) <= 0.01 * abs(found.difference) + 0.02
        assert (found.attributions[image[:, :, 0] == 0] == 0).all()


# All together


def test_all_networks_are_asked_about_the_same_classes(garments: Dataset):
    pixels = garments.test_images[0, :, :, 0]
    network, opposed = (build(Dense(), seed=1) for _ in range(2))
    *below, kernel, bias = network.get_weights()
    opposed.set_weights([*below, -kernel, -bias])
    networks = {"one": network, "opposed": opposed}
    first, second = explain(networks, pixels, None)
    assert first.predicted != second.predicted
    assert list(first.gradients) == list(second.gradients) == [first.predicted, second.predicted]
    labelled, _ = explain(networks, pixels, 3)
    assert list(labelled.gradients) == list(dict.fromkeys([3, first.predicted, second.predicted]))
    expected = network.predict(pixels[None, :, :, None] / np.float32(255), verbose=0)[0]
    np.testing.assert_allclose(first.probabilities, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(first.logits, -second.logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", [Dense(), Convolutional()])
def test_of_a_coloured_image_all_channels_of_a_pixel_are_added(model: Model):
    pixels = np.random.default_rng(4).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    network = build(model, seed=0, dimensions=Dimensions(side=12, channels=3, classes=4))
    [found] = explain({"coloured": network}, pixels, label=None)
    expected = Forward(network).logits(pixels[np.newaxis].astype(np.float32) / 255)[0]
    np.testing.assert_allclose(found.class_map.logits, expected, atol=1e-5)
    assert found.occlusion.shape == (4, 12, 12)
    for one in found.gradients.values():
        assert one.attributions.shape == (12, 12)
        assert one.attributions.sum() == pytest.approx(one.difference, abs=0.02)
