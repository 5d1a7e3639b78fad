"""Pooling in JAX for images of (height, width, channels, images), see `convbias.convolution`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax


@jax.custom_vjp
def max_pool(images: jax.Array) -> jax.Array:
    """Maximum over 2 x 2 pixels, stride 2; of equal values the first one gets the gradient.

    TensorFlow breaks ties in the same way; `jnp.maximum` would share the gradient instead.

    Args:
        images: float (height, width, channels, n); an odd last row or column is dropped.

    Returns:
        float (height // 2, width // 2, channels, n).

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool(jnp.arange(4.0).reshape(2, 2, 1, 1)).item()
        3.0
    """
    return _max_pool_forward(images)[0]


def _max_pool_forward(images: jax.Array) -> tuple[jax.Array, tuple[jax.Array, tuple[int, int]]]:
    height, width, channels, count = images.shape
    even = images[: height // 2 * 2, : width // 2 * 2]
    blocks = even.reshape(height // 2, 2, width // 2, 2, channels, count)
    top_left, top_right = blocks[:, 0, :, 0], blocks[:, 0, :, 1]
    bottom_left, bottom_right = blocks[:, 1, :, 0], blocks[:, 1, :, 1]
    right_wins_top, right_wins_bottom = top_right > top_left, bottom_right > bottom_left
    top = jnp.where(right_wins_top, top_right, top_left)
    bottom = jnp.where(right_wins_bottom, bottom_right, bottom_left)
    bottom_wins = bottom > top
    maximum = jnp.where(bottom_wins, bottom, top)
    winner = jnp.where(bottom_wins, 2 + right_wins_bottom, right_wins_top).astype(jnp.int8)
    # Stored, not recomputed from all four values for every element of the backward pass.
    maximum, winner = lax.optimization_barrier((maximum, winner))
    return maximum, (winner, (height, width))


def _max_pool_backward(
    residuals: tuple[jax.Array, tuple[int, int]], gradient: jax.Array
) -> tuple[jax.Array]:
    winner, (height, width) = residuals
    rows, columns, channels, count = gradient.shape
    corner = jnp.arange(4, dtype=jnp.int8).reshape(1, 2, 1, 2, 1, 1)
    spread = jnp.where(winner[:, None, :, None] == corner, gradient[:, None, :, None], 0)
    spread = spread.reshape(2 * rows, 2 * columns, channels, count)
    odd = ((0, height - 2 * rows), (0, width - 2 * columns), (0, 0), (0, 0))
    return (jnp.pad(spread, odd),)


max_pool.defvjp(_max_pool_forward, _max_pool_backward)
