"""Oriented filters against Sobel's operators and the distribution of random ones."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convbias.errors import InputError
from convbias.measures.oriented_filters import (
    bar_basis,
    describe_filters,
    edge_basis,
    energy_by_chance,
    measure,
    oriented_filters,
)
from convbias.networks import models
from convbias.spec.arms import Convolutional, Dense
from subjects import make_subject

SOBEL_RIGHT = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SOBEL_UP = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])


def as_kernels(*filters: np.ndarray) -> np.ndarray:
    return np.stack(filters, axis=-1)[:, :, np.newaxis].astype(np.float32)


def test_sobel_s_operators_are_edges_of_known_orientation():
    found = describe_filters(as_kernels(SOBEL_RIGHT, SOBEL_UP, -SOBEL_RIGHT, -SOBEL_UP))
    np.testing.assert_allclose(found.edge, 1, rtol=1e-6)
    np.testing.assert_allclose(found.bar, 0, atol=1e-12)
    np.testing.assert_allclose(found.orientation % 360, [0, 90, 180, 270], atol=1e-5)


@given(st.floats(-179, 179), st.floats(0.1, 10), st.floats(-5, 5), st.sampled_from([3, 4, 5, 7, 9]))
def test_an_edge_of_any_angle_contrast_and_brightness_is_all_edge(angle, contrast, mean, size):
    across = np.cos(np.radians(angle)) * edge_basis(size)[0]
    upwards = np.sin(np.radians(angle)) * edge_basis(size)[1]
    kernel = (contrast * (across + upwards) + mean).reshape(size, size, 1, 1)
    found = describe_filters(kernel)
    np.testing.assert_allclose(found.edge, 1, rtol=1e-6)
    np.testing.assert_allclose(found.orientation, angle, atol=1e-4)


def test_five_pixels_by_hand():
    """OpenCV's 5 x 5 Sobel kernel: [1 4 6 4 1] along and [-1 -2 0 2 1] across the edge."""
    kernel = np.outer([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1])
    np.testing.assert_allclose(edge_basis(5)[0], kernel.ravel() / np.linalg.norm(kernel))


def test_a_prewitt_filter_shares_eight_ninths_of_its_energy_with_sobel_s():
    prewitt = np.array([[-1, 0, 1]] * 3)
    # (2 * (1 + 2 + 1))**2 / (|Sobel|**2 = 12) / (|Prewitt|**2 = 6)
    np.testing.assert_allclose(describe_filters(as_kernels(prewitt)).edge, 64 / 72, rtol=1e-6)


def test_second_derivatives_are_bars_and_no_edges():
    vertical = np.outer([1, 2, 1], [1, -2, 1])
    diagonal = np.outer([-1, 0, 1], [-1, 0, 1])
    found = describe_filters(as_kernels(vertical, vertical.T, diagonal, vertical + diagonal))
    np.testing.assert_allclose(found.bar, 1, rtol=1e-6)
    np.testing.assert_allclose(found.edge, 0, atol=1e-12)
    assert np.isnan(found.orientation).all()


@pytest.mark.parametrize("size", [3, 4, 5, 7])
def test_the_bases_are_orthonormal_and_hold_no_constant(size):
    basis = np.concatenate([edge_basis(size), bar_basis(size)])
    np.testing.assert_allclose(basis @ basis.T, np.eye(5), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=1), 0, atol=1e-12)


def test_a_constant_filter_is_neither_edge_nor_bar():
    found = describe_filters(as_kernels(np.zeros((3, 3)), np.full((3, 3), 0.1), SOBEL_UP))
    np.testing.assert_allclose(found.edge, [0, 0, 1], rtol=1e-6)
    np.testing.assert_array_equal(found.bar[:2], 0)
    assert np.isnan(found.orientation[:2]).all()


@pytest.mark.parametrize("size", [3, 5, 7])
def test_random_filters_have_the_energy_that_chance_gives(size):
    count = 20_000
    kernels = np.random.default_rng(size).normal(size=(size, size, 1, count))
    found = describe_filters(kernels)
    for energy, dimensions in ((found.edge, 2), (found.bar, 3)):
        expected, error = energy_by_chance(size, dimensions, count)
        assert expected == dimensions / (size * size - 1)
        assert abs(energy.mean() - expected) < 4 * error
        np.testing.assert_allclose(energy.std() / count**0.5, error, rtol=0.03)
        beta = stats.beta(dimensions / 2, (size * size - 1 - dimensions) / 2)
        np.testing.assert_allclose(error, beta.std() / count**0.5)


def test_of_a_network_the_first_convolution_counts():
    network = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Conv2D(5, 3)]
    )
    kernels = as_kernels(SOBEL_UP, np.outer([1, 2, 1], [1, -2, 1]))
    network.layers[0].set_weights([kernels, np.zeros(2)])
    numbers = oriented_filters(network)
    np.testing.assert_allclose(numbers["edge_energy"], 0.5)
    np.testing.assert_allclose(numbers["bar_energy"], 0.5)
    assert numbers["edge_energy_by_chance"] == 2 / 8
    assert numbers["bar_energy_by_chance"] == 3 / 8
    error = energy_by_chance(3, 2, 2)[1]
    assert numbers["edge_energy_chance_error"] == error
    np.testing.assert_allclose(numbers["edge_energy_standard_errors_from_chance"], 0.25 / error)


def test_the_channels_energies_are_added_up():
    # An edge in red alone, with a bar of the same energy in green and nothing in blue: half each.
    edge, bar = SOBEL_UP, np.outer([1, 2, 1], [1, -2, 1])
    kernel = np.zeros((3, 3, 3, 1))
    kernel[:, :, 0, 0] = edge / np.linalg.norm(edge)
    kernel[:, :, 1, 0] = bar / np.linalg.norm(bar)
    found = describe_filters(kernel)
    np.testing.assert_allclose([found.edge[0], found.bar[0]], [0.5, 0.5])
    np.testing.assert_allclose(found.orientation, 90)


def test_chance_with_several_channels():
    # Red, green and blue are three independent filters of a third of the energy each: the share has
    # the same expectation, and about a third of the variance.
    random = np.random.default_rng(0).normal(size=(3, 3, 3, 20_000))
    shares = describe_filters(random).edge
    expected, error = energy_by_chance(3, 2, len(shares), channels=3)
    assert expected == 2 / 8
    assert abs(shares.mean() - expected) < 4 * error
    np.testing.assert_allclose(shares.std() / len(shares) ** 0.5, error, rtol=0.03)


def test_an_untrained_network_is_near_chance():
    numbers = oriented_filters(models.build(Convolutional(kernel_size=5), seed=0))
    for name in ("edge", "bar"):
        expected, error = (
            numbers[f"{name}_energy_by_chance"],
            numbers[f"{name}_energy_chance_error"],
        )
        assert abs(numbers[f"{name}_energy"] - expected) < 4 * error


def test_what_has_no_such_filters_is_refused():
    with pytest.raises(InputError, match="no convolution"):
        oriented_filters(models.build(Dense(), seed=0))
    with pytest.raises(InputError, match="no room for an edge"):
        describe_filters(np.ones((1, 1, 1, 4)))
    for shape in ((3, 5, 1, 4), (3, 3, 4)):
        with pytest.raises(InputError, match=r"\(size, size, channels, filters\)"):
            describe_filters(np.ones(shape))


def test_measured_are_the_filters_and_how_far_they_moved():
    subject = make_subject(Convolutional(filters=(4, 5)))
    kernels = models.build(subject.arm.model, subject.seed).get_layer("conv_1").get_weights()[0]
    layer = subject.network.get_layer("conv_1")
    bias = layer.get_weights()[1]
    layer.set_weights([kernels, bias])
    assert measure(subject).values["kernels_moved"] == 0
    moved = kernels.copy()
    moved[0, 1, 0, 2] -= 0.5
    layer.set_weights([moved, bias])
    measured = measure(subject)
    np.testing.assert_allclose(measured.values["kernels_moved"], 0.5, rtol=1e-6)
    np.testing.assert_array_equal(measured.pictures["kernels"][:, :, 2], moved[:, :, 0, 2])
    assert measured.pictures["kernels"].shape == (3, 3, 4)
    energy = measured.values["edge_energy"]
    np.testing.assert_allclose(measured.pictures["edge_shares"].mean(), energy)


def test_networks_without_such_filters_have_nothing_measured():
    for model in (Dense(), Convolutional(kernel_size=1, filters=(4, 5))):
        measured = measure(make_subject(model))
        assert (measured.values, measured.pictures) == ({}, {})
