"""Pooling against answers computed by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from convbias import pooling


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
