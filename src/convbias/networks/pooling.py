"""Pooling in JAX for images of (height, width, channels, images)."""

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


def average_pool(images: jax.Array) -> jax.Array:
    """Mean over 2 x 2 pixels, stride 2.

    Args:
        images: float (height, width, channels, n); an odd last row or column is dropped.

    Returns:
        float (height // 2, width // 2, channels, n).

    Example:
        >>> import jax.numpy as jnp
        >>> average_pool(jnp.arange(4.0).reshape(2, 2, 1, 1)).item()
        1.5
    """
    height, width, channels, count = images.shape
    even = images[: height // 2 * 2, : width // 2 * 2]
    blocks = even.reshape(height // 2, 2, width // 2, 2, channels, count)
    return (blocks[:, 0, :, 0] + blocks[:, 0, :, 1] + blocks[:, 1, :, 0] + blocks[:, 1, :, 1]) / 4


def max_of_neighbours(images: jax.Array, *, circular: bool) -> jax.Array:
    """Maximum over every pixel and its neighbours to the right and below; the size stays.

    Args:
        images: float (height, width, channels, n).
        circular: Whether the last row has the first as its neighbour; otherwise it has none.

    Returns:
        float (height, width, channels, n).
    """
    return _with_neighbour(_with_neighbour(images, 0, circular), 1, circular)


def _with_neighbour(images: jax.Array, axis: int, circular: bool) -> jax.Array:
    length = images.shape[axis]
    beyond = 0 if circular else length - 1
    neighbours = jnp.concatenate(
        [
            lax.slice_in_dim(images, 1, length, axis=axis),
            lax.slice_in_dim(images, beyond, beyond + 1, axis=axis),
        ],
        axis=axis,
    )
    return jnp.maximum(images, neighbours)


def blur(images: jax.Array, *, circular: bool) -> jax.Array:
    """Average every pixel and its neighbours with weights 1/4, 1/2, 1/4 along both axes.

    The low-pass filter of Zhang 2019 (arXiv 1904.11486) with three taps; applied before
    subsampling, it removes most of the aliasing.

    Args:
        images: float (height, width, channels, n).
        circular: Whether the border has the opposite border as neighbours; otherwise it is
            repeated.

    Returns:
        float (height, width, channels, n).

    Example:
        >>> import jax.numpy as jnp
        >>> dot = jnp.zeros((5, 5, 1, 1)).at[2, 2].set(16.0)
        >>> blur(dot, circular=False)[1:4, 1:4, 0, 0].astype(int).tolist()
        [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    """
    mode = "wrap" if circular else "edge"
    for axis in (0, 1):
        padding = [(0, 0)] * images.ndim
        padding[axis] = (1, 1)
        padded = jnp.pad(images, padding, mode=mode)
        length = images.shape[axis]
        before, here, after = (
            lax.slice_in_dim(padded, start, start + length, axis=axis) for start in range(3)
        )
        images = (before + 2 * here + after) / 4
    return images


def largest_phase(images: jax.Array) -> jax.Array:
    """Keep every second pixel, at the offset that has the largest norm in each image.

    Adaptive polyphase sampling of Chaman and Dokmanic 2021 (arXiv 2011.14214): the pixels kept
    move with the image, so a circular shift of the input only shifts the output.

    Args:
        images: float (height, width, channels, n), height and width even.

    Returns:
        float (height // 2, width // 2, channels, n).
    """
    phases = jnp.stack([images[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    norms = jnp.square(phases).sum(axis=(1, 2, 3))  # (4, n)
    chosen = jax.nn.one_hot(norms.argmax(axis=0), 4, axis=0, dtype=images.dtype)
    return jnp.einsum("phwcn,pn->hwcn", phases, chosen)
