"""Locally connected layers against their definition, and both exact embeddings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convbias.networks import convolution, local_connection

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_convolution_is_a_locally_connected_layer_is_a_dense_one(size):
    height, width, channels_in, channels_out, count = 6, 5, 3, 4, 2
    images = GENERATOR.normal(size=(height, width, channels_in, count)).astype(np.float32)
    kernel = GENERATOR.normal(size=(size, size, channels_in, channels_out)).astype(np.float32)
    convolved = np.asarray(convolution.convolve(jnp.asarray(images), jnp.asarray(kernel)))

    kernels = local_connection.local_kernels(kernel, height * width)
    local = local_connection.connect_locally(jnp.asarray(images), jnp.asarray(kernels), size)
    np.testing.assert_allclose(local, convolved, atol=1e-4)

    matrix = local_connection.dense_matrix(kernels, height, width, size)
    flat = images.transpose(3, 0, 1, 2).reshape(count, -1) @ matrix
    dense = flat.reshape(count, height, width, channels_out).transpose(1, 2, 3, 0)
    np.testing.assert_allclose(dense, convolved, atol=1e-4)


def test_each_pixel_has_a_kernel_of_its_own():
    """By the sum in the definition, pixel by pixel."""
    height, width, size = 4, 5, 3
    images = GENERATOR.normal(size=(height, width, 2, 3))
    kernels = GENERATOR.normal(size=(height * width, size * size * 2, 4))
    outputs = local_connection.connect_locally(jnp.asarray(images), jnp.asarray(kernels), size)
    padded = np.pad(images, ((1, 1), (1, 1), (0, 0), (0, 0)))
    for row, column in np.ndindex(height, width):
        window = padded[row : row + size, column : column + size].reshape(-1, 3)
        expected = kernels[row * width + column].T @ window
        np.testing.assert_allclose(outputs[row, column], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_the_gradient_by_the_layer_s_matrix(size):
    """The layer is linear, so a weighted sum of its outputs has the matrix times the weights."""
    height, width, channels_in, channels_out, count = 4, 6, 2, 3, 2
    images = GENERATOR.normal(size=(height, width, channels_in, count)).astype(np.float32)
    kernels = GENERATOR.normal(size=(height * width, size * size * channels_in, channels_out))
    weights = GENERATOR.normal(size=(height, width, channels_out, count))

    def weighted(images):
        outputs = local_connection.connect_locally(images, jnp.asarray(kernels), size)
        return (outputs * weights).sum()

    gradient = np.asarray(jax.grad(weighted)(jnp.asarray(images)))
    matrix = local_connection.dense_matrix(kernels, height, width, size)
    expected = matrix @ weights.reshape(-1, count)
    np.testing.assert_allclose(gradient.reshape(-1, count), expected, rtol=1e-4, atol=1e-4)
    # Forward, in one direction: the product with the gradient.
    direction = GENERATOR.normal(size=images.shape).astype(np.float32)
    _, slope = jax.jvp(weighted, (jnp.asarray(images),), (jnp.asarray(direction),))
    assert float(slope) == pytest.approx((gradient * direction).sum(), rel=1e-4)
