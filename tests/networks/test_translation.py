"""Translation by fractions of a pixel against waves whose translation is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.networks.translation import translate

pytestmark = pytest.mark.slow


def wave(side, cycles, at=0.0):
    """A wave along the rows of one image, translated by formula."""
    phase = 2 * np.pi * cycles * (np.arange(side) - at) / side
    return np.broadcast_to(np.cos(phase)[:, None], (side, side)).reshape(1, side, side, 1)


def noise(side, seed=0):
    shape = (2, side, side, 3)
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype=jnp.float32)


@pytest.mark.parametrize(("side", "cycles"), [(8, 3), (9, 4), (40, 7)])
@pytest.mark.parametrize("pixels", [0.5, -1.25, 3.0])
def test_a_wave_keeps_its_form(side, cycles, pixels):
    still, moved = jnp.asarray(wave(side, cycles)), wave(side, cycles, pixels)
    np.testing.assert_allclose(translate(still, pixels, 1), moved, atol=1e-5)
    across = translate(still.transpose(0, 2, 1, 3), pixels, 2)
    np.testing.assert_allclose(across, moved.transpose(0, 2, 1, 3), atol=1e-5)


def test_the_highest_frequency_of_an_even_side_keeps_its_place():
    still = jnp.asarray(wave(8, 4))
    np.testing.assert_allclose(translate(still, 0.5, 1), 0 * still, atol=1e-6)
    np.testing.assert_allclose(translate(still, 1.0, 1), -still, atol=1e-6)


@pytest.mark.parametrize("side", [8, 9])
@pytest.mark.parametrize("axis", [1, 2])
def test_whole_pixels_are_a_circular_shift(side, axis):
    images = noise(side)
    np.testing.assert_allclose(translate(images, 3.0, axis), np.roll(images, 3, axis), atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.floats(-5, 5), st.floats(-5, 5))
def test_two_translations_are_their_sum(first, second):
    images = noise(9)
    twice = translate(translate(images, first, 1), second, 1)
    np.testing.assert_allclose(twice, translate(images, first + second, 1), atol=1e-4)


def test_the_derivative_of_a_wave():
    still = jnp.asarray(wave(8, 1))
    moved = jax.jvp(lambda pixels: translate(still, pixels, 1), (0.0,), (1.0,))[1]
    slope = 2 * np.pi / 8  # d/dt cos(slope * (x - t)) = slope * sin(slope * x) at t = 0
    np.testing.assert_allclose(moved[0, :, 0, 0], slope * np.sin(slope * np.arange(8)), atol=1e-6)
