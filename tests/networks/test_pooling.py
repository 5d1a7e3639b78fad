"""Pooling against answers computed by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convbias.networks import pooling

pytestmark = pytest.mark.slow


def test_max_pool_by_hand_and_drops_an_odd_edge():
    image = jnp.asarray(np.arange(15.0).reshape(3, 5, 1, 1))
    np.testing.assert_array_equal(pooling.max_pool(image)[:, :, 0, 0], [[6, 8]])


def test_max_pool_gives_the_whole_gradient_of_a_tie_to_the_first():
    image = jnp.asarray([[5.0, 5, 1, 2], [5, 5, 2, 0]]).reshape(2, 4, 1, 1)
    gradient = jax.grad(
        lambda x: (pooling.max_pool(x) * jnp.asarray([3.0, 7]).reshape(1, 2, 1, 1)).sum()
    )
    expected = [[3, 0, 0, 7], [0, 0, 0, 0]]
    np.testing.assert_array_equal(gradient(image)[:, :, 0, 0], expected)


def test_max_pool_gradient_skips_an_odd_edge():
    image = jnp.asarray(np.arange(15.0).reshape(3, 5, 1, 1))
    gradient = jax.grad(lambda x: pooling.max_pool(x).sum())(image)[:, :, 0, 0]
    expected = np.zeros((3, 5))
    expected[1, [1, 3]] = 1
    np.testing.assert_array_equal(gradient, expected)


def test_average_pool_by_hand_and_drops_an_odd_edge():
    image = jnp.asarray(np.arange(15.0).reshape(3, 5, 1, 1))
    np.testing.assert_array_equal(pooling.average_pool(image)[:, :, 0, 0], [[3, 5]])


def random_images(seed=0, side=8):
    generator = np.random.default_rng(seed)
    return jnp.asarray(generator.normal(size=(side, side, 3, 4)), dtype=jnp.float32)


def test_max_of_neighbours_by_hand():
    image = jnp.asarray([[1.0, 5, 2], [4, 3, 6], [9, 0, 7]]).reshape(3, 3, 1, 1)
    inside = pooling.max_of_neighbours(image, circular=False)[:, :, 0, 0]
    np.testing.assert_array_equal(inside, [[5, 6, 6], [9, 7, 7], [9, 7, 7]])
    around = pooling.max_of_neighbours(image, circular=True)[:, :, 0, 0]
    np.testing.assert_array_equal(around, [[5, 6, 6], [9, 7, 9], [9, 7, 9]])


def test_every_second_maximum_of_neighbours_is_max_pooling():
    images = random_images()
    every_second = pooling.max_of_neighbours(images, circular=False)[::2, ::2]
    np.testing.assert_array_equal(every_second, pooling.max_pool(images))


def test_blur_keeps_constants_and_repeats_the_frame():
    constant = jnp.full((4, 6, 2, 1), 3.0)
    for circular in (False, True):
        np.testing.assert_allclose(pooling.blur(constant, circular=circular), constant)
    ramp = jnp.arange(4.0).reshape(1, 4, 1, 1)
    blurred = pooling.blur(ramp, circular=False)[0, :, 0, 0]
    np.testing.assert_allclose(blurred, [0.25, 1, 2, 2.75])
    around = pooling.blur(ramp, circular=True)[0, :, 0, 0]
    np.testing.assert_allclose(around, [1, 1, 2, 2])


def test_the_largest_phase_moves_with_the_image():
    """f(Tx) = T f(x) up to a shift of whole output pixels, for every circular shift."""
    images = random_images(1)
    kept = np.asarray(pooling.largest_phase(images))
    for rows, columns in np.ndindex(4, 4):
        moved = pooling.largest_phase(jnp.roll(images, (rows, columns), (0, 1)))
        for one in range(images.shape[3]):
            shifts = [np.roll(kept[..., one], shift, (0, 1)) for shift in np.ndindex(4, 4)]
            assert any(np.array_equal(moved[..., one], shifted) for shifted in shifts)


def test_the_largest_phase_is_the_one_with_the_largest_norm():
    images = random_images(2)
    kept = np.asarray(pooling.largest_phase(images))
    phases = [np.asarray(images[row::2, column::2]) for row in (0, 1) for column in (0, 1)]
    for one in range(images.shape[3]):
        largest = max(phases, key=lambda phase: np.square(phase[..., one]).sum())
        np.testing.assert_array_equal(kept[..., one], largest[..., one])
