"""Lie derivatives against finite differences, a closed form, and exact zeros."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from convbias.data.transforms import on_canvas
from convbias.measures.lie_derivative import lie_derivative, measure
from convbias.networks import models
from convbias.networks.forward import scaled
from convbias.networks.translation import translate
from convbias.spec.arms import Dense
from factories import grey
from shift_networks import CLASSES, classifier, local_trunk, random_images, subject, trunk

pytestmark = pytest.mark.slow


def outputs(network, images):
    """Logits and probabilities of the network itself: float (n, 2, classes)."""
    last = network.layers[-1]
    kernel, bias = last.get_weights()
    features = keras.Model(network.inputs[0], [last.input, last.output])
    values, probabilities = jax.jit(features)(images)
    return np.stack([values @ kernel + bias, probabilities], axis=1)


def central_differences(network, images, step):
    """Both kinds of outputs along both axes: float (n, 2, 2, classes)."""
    still = scaled(on_canvas(images, network.input_shape[1]))
    moved = [translate(still, sign * step, axis) for axis in (1, 2) for sign in (1, -1)]
    values = outputs(network, jnp.concatenate(moved)).reshape(2, 2, len(images), 2, CLASSES)
    return np.moveaxis((values[:, 0] - values[:, 1]) / (2 * step), 0, 2)


def both(result):
    return np.stack([result.logits, result.probabilities], axis=1)


def relative(error, reference):
    return np.linalg.norm(error) / np.linalg.norm(reference)


def smooth_trunk():
    return [
        *trunk("same", activation="tanh"),
        keras.layers.AveragePooling2D(2),
    ]


def test_smooth_networks_against_finite_differences():
    network, images = classifier(smooth_trunk(), 16, "flatten"), random_images(3, 12)
    derivatives = both(lie_derivative(network, images))
    assert derivatives.shape == (3, 2, 2, CLASSES)
    expected = central_differences(network, images, step=0.01)
    assert relative(derivatives - expected, expected) < 2e-3


@pytest.mark.parametrize(
    "layers",
    [
        trunk("same", "max"),
        trunk("circular", "blur"),
        trunk("circular", "polyphase"),
        local_trunk(),
    ],
    ids=["max", "blur", "polyphase", "local"],
)
def test_every_kind_of_layer_against_finite_differences(layers):
    """ReLU and maximum have kinks; few lie within so small a step, which rounding limits.

    A black margin would give the maximum ties, where the derivatives of the two sides differ.
    """
    network, images = classifier(layers, 16), random_images(3, 16)
    derivatives = both(lie_derivative(network, images))
    expected = central_differences(network, images, step=5e-4)
    assert relative(derivatives - expected, expected) < 0.1


def test_one_dense_layer_in_closed_form():
    """Its logits' derivative is its matrix times the derivative of the image, by NumPy's FFT."""
    network, images = classifier([], 9, "flatten"), random_images(70, 9)
    kernel = network.layers[-1].get_weights()[0]
    result = lie_derivative(network, images)
    for index, axis in enumerate((1, 2)):
        shape = [1, 1, 1, 1]
        shape[axis] = 9
        slopes = (-2j * np.pi * np.fft.fftfreq(9)).reshape(shape)
        moving = np.fft.ifft(np.fft.fft(images / 255, axis=axis) * slopes, axis=axis).real
        expected = moving.reshape(70, 81) @ kernel
        np.testing.assert_allclose(result.logits[:, index], expected, atol=1e-5)
        name = ("rows", "columns")[index]
        assert result.numbers[f"lie_derivative_logits_{name}"] == pytest.approx(
            np.mean(np.square(expected)), rel=1e-5
        )
    still = scaled(images).reshape(70, 81) @ kernel
    expected = jax.jvp(jax.nn.softmax, (still,), (jnp.asarray(result.logits[:, 1]),))[1]
    np.testing.assert_allclose(result.probabilities[:, 1], expected, atol=1e-5)


def test_a_linear_circular_network_with_an_average_does_not_change():
    images = random_images(4, 28)
    still = lie_derivative(classifier(trunk("circular", activation="linear"), 40), images)
    flat = lie_derivative(classifier(trunk("circular", activation="linear"), 40, "flatten"), images)
    # Per entry, the average divides by 1,600 pixels what the flattened head adds up.
    assert np.abs(still.logits).max() < 1e-5
    assert np.abs(still.probabilities).max() < 1e-5
    assert np.sqrt(np.mean(np.square(flat.logits))) > 1


def test_a_relu_makes_frequencies_that_whole_pixels_do_not_show():
    network, images = classifier(trunk("circular"), 40), random_images(4, 28)
    moving = lie_derivative(network, images)
    assert np.sqrt(np.mean(np.square(moving.logits))) > 1e-3
    still = scaled(on_canvas(images, 40))
    # Over the way of one pixel, the differences between 16 places add up to nothing.
    way = [translate(still, pixels, 1) for pixels in np.arange(17) / 16]
    steps = np.diff(outputs(network, jnp.concatenate(way)).reshape(17, 4, 2, CLASSES), axis=0)
    np.testing.assert_allclose(steps.sum(axis=0), 0, atol=1e-5)
    assert np.abs(steps).max() > 1e-4


def test_the_numbers_of_test_images_on_the_networks_canvas():
    network = models.build(Dense(), seed=0, dimensions=grey(32))
    measured = subject(network, Dense())
    found = measure(measured)
    assert found.images == len(measured.source.test_images)
    values = found.values
    assert values == lie_derivative(network, measured.source.test_images).numbers
    assert min(values.values()) > 0
