"""Convolution and pooling in JAX whose cost hardly grows with the kernel.

All functions here take images as (height, width, channels, images), with the images last. In
that layout every transform below is a plain or a batched matrix product over long contiguous rows,
and neither a transpose nor a concatenation of activations is ever needed; those two, not the
arithmetic, are what makes convolution slow under XLA on a CPU.

The Fourier convolution, along one axis of n pixels with an odd kernel of k taps and p = k // 2:
pad with zeros to m >= n + p, so that the wrap-around of the circular product only reaches outputs
that are discarded. Transform both, multiply per frequency, transform back only the n wanted
outputs. A real signal needs m // 2 + 1 frequencies along the first axis. The discrete Fourier
transforms are matrix products with constant matrices; the complex product per frequency is one
real product with [[re, -im], [im, re]]. Multiply-adds per image and pair of channels: about
2 m^2 for every k, against n^2 k^2 directly (392 to 648 against 1,764 to 9,604 for n = 14, k = 3
to 7). The backward pass comes from automatic differentiation and has the same cost.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# Up to this many values under a kernel, gathering them costs less than two Fourier transforms
# of all output channels (measured for 28 x 28 images with one channel: the first layer).
LARGEST_GATHERED_FIELD = 64


def convolve(images: jax.Array, kernel: jax.Array) -> jax.Array:
    """Cross-correlate with same padding and stride 1, as `keras.layers.Conv2D` does.

    Args:
        images: float (height, width, channels_in, n).
        kernel: float (k, k, channels_in, channels_out), k odd.

    Returns:
        float (height, width, channels_out, n).

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.arange(9.0).reshape(3, 3, 1, 1)
        >>> neighbours = convolve(image, jnp.ones((3, 3, 1, 1)))
        >>> float(neighbours[1, 1, 0, 0])  # all nine pixels
        36.0
    """
    size, _, channels_in, _ = kernel.shape
    if size * size * channels_in <= LARGEST_GATHERED_FIELD:
        return convolve_gathered(images, kernel)
    return convolve_fourier(images, kernel)


def convolve_gathered(images: jax.Array, kernel: jax.Array) -> jax.Array:
    """`convolve` as one matrix product per pixel with the gathered values under the kernel."""
    height, width, channels_in, count = images.shape
    size, _, _, channels_out = kernel.shape
    pad = size // 2
    padded = jnp.pad(images, ((pad, pad), (pad, pad), (0, 0), (0, 0)))
    # Without the barrier XLA folds the padding's bounds checks into every gathered element.
    rows = lax.optimization_barrier(padded).reshape(-1, count)
    index = _gather_index(height, width, channels_in, size)
    patches = rows.at[index].get(mode="promise_in_bounds").reshape(height * width, -1, count)
    weights = jnp.broadcast_to(
        kernel.reshape(-1, channels_out).T,
        (height * width, channels_out, size * size * channels_in),
    )
    outputs = jnp.einsum("poi,pin->pon", weights, patches)
    return outputs.reshape(height, width, channels_out, count)


@lru_cache(maxsize=64)
def _gather_index(height: int, width: int, channels: int, size: int) -> np.ndarray:
    """For every pixel and every value under the kernel, its row in the padded images."""
    row, column, tap, channel = np.ix_(
        np.arange(height), np.arange(width), np.arange(size * size), np.arange(channels)
    )
    padded_width = width + 2 * (size // 2)
    pixel = (row + tap // size) * padded_width + column + tap % size
    return (pixel * channels + channel).reshape(-1).astype(np.int32)


def convolve_fourier(images: jax.Array, kernel: jax.Array) -> jax.Array:
    """`convolve` in the Fourier domain; the module's docstring has the derivation."""
    height, width, channels_in, count = images.shape
    size, _, _, channels_out = kernel.shape
    along_height = _half_transforms(height, size)
    along_width = _full_transforms(width, size)
    half, full = along_height.frequencies, along_width.frequencies

    spectrum = _transform(along_height.forward, along_width.forward, images, half, full)
    spectrum = spectrum.reshape(half * full, 2 * channels_in, count)
    # Cross-correlation is convolution with the mirrored kernel.
    mirrored = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    weights = _transform(along_height.kernel, along_width.kernel, mirrored, half, full)
    weights = weights.reshape(half * full, 2, channels_out, channels_in)
    real, imaginary = weights[:, 0], weights[:, 1]
    rows = (jnp.stack([real, -imaginary], axis=2), jnp.stack([imaginary, real], axis=2))
    weights = jnp.stack(rows, axis=1).reshape(half * full, 2 * channels_out, 2 * channels_in)

    products = jnp.einsum("foi,fin->fon", weights, spectrum)
    products = products.reshape(half, 2 * full, channels_out * count)
    columns = jnp.einsum("kvr,krn->kvn", _repeat(along_width.inverse, half), products)
    outputs = jnp.matmul(along_height.inverse, columns.reshape(2 * half, -1))
    return outputs.reshape(height, width, channels_out, count)


def _transform(
    first: np.ndarray, second: np.ndarray, signal: jax.Array, half: int, full: int
) -> jax.Array:
    """Half-complex transform along axis 0, then complex along axis 1, of (rows, columns, a, b).

    Returns:
        float (half, 2 * full, a * b), real and imaginary part of every frequency side by side.
    """
    rows, columns = signal.shape[:2]
    once = jnp.matmul(first, signal.reshape(rows, -1)).reshape(half, 2 * columns, -1)
    twice = jnp.einsum("kvr,krn->kvn", _repeat(second, half), once)
    return twice.reshape(half, 2 * full, -1)


def _repeat(matrix: np.ndarray, times: int) -> jax.Array:
    # A product with a shared left factor would make XLA transpose the activations.
    return jnp.broadcast_to(jnp.asarray(matrix), (times, *matrix.shape))


class _Transforms:
    """Constant matrices of one axis: forward for pixels and for taps, inverse for wanted pixels."""

    def __init__(
        self, forward: np.ndarray, kernel: np.ndarray, inverse: np.ndarray, frequencies: int
    ) -> None:
        self.forward = forward.astype(np.float32)
        self.kernel = kernel.astype(np.float32)
        self.inverse = inverse.astype(np.float32)
        self.frequencies = frequencies


def _padded_length(pixels: int, size: int) -> int:
    length = max(pixels + size // 2, size)
    return length + length % 2  # an even length has a real Nyquist frequency


@lru_cache(maxsize=64)
def _half_transforms(pixels: int, size: int) -> _Transforms:
    """Real signal to (frequency, real or imaginary) and back."""
    length = _padded_length(pixels, size)
    frequencies = length // 2 + 1

    def forward(positions: np.ndarray) -> np.ndarray:  # (frequencies, 2, positions)
        angle = 2 * np.pi * np.outer(np.arange(frequencies), positions) / length
        return np.stack([np.cos(angle), -np.sin(angle)], axis=1)

    # Every frequency but the first and the last stands for its mirror image, too.
    multiplicity = np.full(frequencies, 2.0)
    multiplicity[[0, -1]] = 1.0
    wanted = size // 2 + np.arange(pixels)
    inverse = (forward(wanted) * multiplicity[:, None, None] / length).transpose(2, 0, 1)
    return _Transforms(
        forward(np.arange(pixels)).reshape(2 * frequencies, pixels),
        forward(np.arange(size)).reshape(2 * frequencies, size),
        inverse.reshape(pixels, 2 * frequencies),
        frequencies,
    )


@lru_cache(maxsize=64)
def _full_transforms(pixels: int, size: int) -> _Transforms:
    """(Real or imaginary, pixel) to (frequency, real or imaginary) and back."""
    length = _padded_length(pixels, size)

    def forward(positions: np.ndarray) -> np.ndarray:  # (length, 2, 2, positions)
        angle = 2 * np.pi * np.outer(np.arange(length), positions) / length
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)

    wanted = size // 2 + np.arange(pixels)
    # The inverse of exp(-ia) is exp(ia) / length: the transpose of the real 2 x 2 rotation.
    inverse = forward(wanted).transpose(2, 3, 0, 1) / length
    return _Transforms(
        forward(np.arange(pixels)).reshape(2 * length, 2 * pixels),
        forward(np.arange(size)).reshape(2 * length, 2 * size),
        inverse.reshape(2 * pixels, 2 * length),
        length,
    )


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


def images_last(images: jax.Array) -> jax.Array:
    """(n, height, width, channels) to (height, width, channels, n)."""
    return images.transpose(1, 2, 3, 0)


def images_first(images: jax.Array) -> jax.Array:
    """(height, width, channels, n) to (n, height, width, channels)."""
    return images.transpose(3, 0, 1, 2)
