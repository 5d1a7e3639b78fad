"""Equivariance errors by hand, against NumPy, and of layers whose error is known."""

import keras
import numpy as np
import pytest

from convbias.errors import InputError
from convbias.measures.equivariance_error import equivariance_error, measure
from convbias.networks import models
from convbias.networks.layers import Convolution, MaxPooling
from convbias.spec.arms import Convolutional, Dense
from factories import grey
from shift_networks import classifier, local_trunk, random_images, subject, trunk

pytestmark = pytest.mark.slow

FLOAT_TOLERANCE = 1e-6


def dot(row, column, side=4):
    image = np.zeros((1, side, side, 1), dtype=np.uint8)
    image[0, row, column] = 255
    return image


def alone(layer, side=4):
    return keras.Sequential([keras.Input((side, side, 1)), layer])


def test_pooling_by_hand():
    network = alone(MaxPooling(2, name="pool"))
    # The dot moves within its block of 2 x 2, so the map [1, 0] stays. Half a pixel on, it would
    # be [0.5, 0.5]: the error is |(0.5, -0.5)| / 1.
    assert equivariance_error(network, dot(0, 0), 1)["pool"] == pytest.approx(np.sqrt(0.5))
    assert equivariance_error(network, dot(0, 0), 2)["pool"] == pytest.approx(0, abs=1e-6)
    # Left where it is, the map [1, 0] is exactly right after one pixel, and [0, 1] after two.
    assert equivariance_error(network, dot(0, 0), 1, still=True)["pool"] == 0
    after_two = equivariance_error(network, dot(0, 0), 2, still=True)["pool"]
    assert after_two == pytest.approx(np.sqrt(2))


def test_the_frame_by_hand():
    """A sum over 3 x 3 pixels; the dot leaves the last row and comes back in the first."""
    layer = Convolution(
        1, 3, padding="same", kernel_initializer="ones", activation="linear", name="sum"
    )
    network = alone(layer)
    # Zero padding leaves six ones of nine, in rows 2 and 3; they should have moved to 3 and 0, but
    # are in 0 and 1: six pixels are wrong by 1. To the right, nothing meets the frame.
    error = equivariance_error(network, dot(3, 1), 1, frame=True)["sum"]
    assert error == pytest.approx(np.sqrt((6 / 6 + 0) / 2))
    assert equivariance_error(network, dot(3, 1), 1)["sum"] == pytest.approx(0, abs=1e-6)


def fourier_shift(maps, pixels, axis):
    """NumPy in double precision, over all frequencies of both signs."""
    length = maps.shape[axis]
    shape = [1] * maps.ndim
    shape[axis] = length
    phases = np.exp(-2j * np.pi * np.fft.fftfreq(length) * pixels).reshape(shape)
    return np.fft.ifft(np.fft.fft(maps, axis=axis) * phases, axis=axis).real


def pooled(images):
    n, height, width, channels = images.shape
    return images.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_pooling_against_numpy(pixels):
    images = random_images(70, 12)  # more than one batch
    values = images / 255
    still = pooled(values)
    squares = [
        np.square(pooled(np.roll(values, pixels, axis)) - fourier_shift(still, pixels / 2, axis))
        for axis in (1, 2)
    ]
    expected = np.sqrt(np.mean(squares) / np.mean(np.square(still)))
    error = equivariance_error(alone(MaxPooling(2, name="pool"), 12), images, pixels)["pool"]
    assert error == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert (error < FLOAT_TOLERANCE) == (pixels == 2)


@pytest.mark.parametrize(("padding", "pixels"), [("circular", 1), ("same", 2), ("valid", 4)])
def test_convolutions_move_exactly_with_the_image(padding, pixels):
    network = classifier(trunk(padding), 16, "flatten")  # whose weights fit one size of maps
    errors = equivariance_error(network, random_images(5, 8), pixels)
    assert list(errors) == ["conv_1", "conv_2"]
    assert max(errors.values()) < FLOAT_TOLERANCE


def test_zero_padding_is_an_error_only_with_the_frame():
    network = classifier(trunk("same"), 16)
    with_frame = equivariance_error(network, random_images(5, 16), 1, frame=True)
    assert min(with_frame.values()) > 0.05
    circular = classifier(trunk("circular"), 16)
    without = equivariance_error(circular, random_images(5, 16), 1, frame=True)
    assert max(without.values()) < FLOAT_TOLERANCE


@pytest.mark.parametrize("method", ["max", "stride"])
def test_downsampling_is_exact_for_multiples_of_its_stride(method):
    network = classifier(trunk("circular", method), 16)
    names = ("conv_1", "conv_2") if method == "stride" else ("pool_1", "pool_2")
    images = random_images(5, 16)
    by_pixels = {pixels: equivariance_error(network, images, pixels) for pixels in (1, 2, 4)}
    exact = {
        (pixels, name): errors[name] < FLOAT_TOLERANCE
        for pixels, errors in by_pixels.items()
        for name in names
    }
    first, second = names
    assert exact == {
        (1, first): False, (2, first): True, (4, first): True,
        (1, second): False, (2, second): False, (4, second): True,
    }  # fmt: skip


def test_blurring_before_downsampling_lowers_the_error():
    images = random_images(5, 16)
    errors = {
        method: equivariance_error(classifier(trunk("circular", method), 16), images, 1)["pool_1"]
        for method in ("max", "blur")
    }
    assert 0 < errors["blur"] < errors["max"] / 2


@pytest.mark.parametrize("pixels", [1, 2])
def test_adaptive_polyphase_moves_by_whole_pixels(pixels):
    network = classifier(trunk("circular", "polyphase"), 16)
    errors = equivariance_error(network, random_images(5, 16), pixels)
    assert list(errors) == ["conv_1", "pool_1", "conv_2", "pool_2"]
    assert max(errors.values()) < FLOAT_TOLERANCE


def test_kernels_that_differ_from_place_to_place_do_not_follow():
    errors = equivariance_error(classifier(local_trunk(), 16), random_images(5, 16), 2)
    assert min(errors.values()) > 0.3


def test_a_map_of_zeros_has_no_error():
    black = np.zeros((2, 4, 4, 1), dtype=np.uint8)
    assert equivariance_error(alone(MaxPooling(2, name="pool")), black, 1) == {"pool": 0}


def test_what_cannot_be_measured_is_refused():
    images = random_images(2, 8)
    with pytest.raises(InputError, match="no feature maps"):
        equivariance_error(models.build(Dense(), seed=0), images)
    with pytest.raises(InputError, match="multiple of 4"):
        equivariance_error(classifier(trunk("circular", "max"), 18), images)
    with pytest.raises(InputError, match="at least 1"):
        equivariance_error(classifier(trunk(), 16), images, 0)


def test_every_layer_without_and_with_its_frame():
    model = Convolutional(filters=(3, 4))
    network = models.build(model, seed=0, standardise=(0.3, 0.4), dimensions=grey(40))
    measured = measure(subject(network, model))
    assert measured.images == len(subject(network, model).source.test_images)
    values = measured.values
    layers = ("conv_1", "pool_1", "conv_2", "pool_2")
    kinds = ("equivariance_error", "stillness", "framed_equivariance_error")
    assert list(values) == [f"{kind}_{layer}" for kind in kinds for layer in layers]
    assert values["equivariance_error_conv_1"] < FLOAT_TOLERANCE
    # Standardised, the black canvas is not the zero that the padding is.
    assert values["framed_equivariance_error_conv_1"] > 1e-3
    assert values["equivariance_error_pool_1"] > 0.01
    assert values["stillness_conv_1"] > values["equivariance_error_pool_1"]


@pytest.mark.parametrize("standardise", [None, (0.3, 0.4)])
def test_a_dense_network_has_nothing_to_measure(standardise):
    network = models.build(Dense(), seed=0, standardise=standardise)
    assert measure(subject(network, Dense())).values == {}
    with pytest.raises(InputError, match="no feature maps"):
        equivariance_error(network, random_images(2, 28))
