"""Convolution in JAX with a cost that hardly grows with the kernel size.

All functions here take images as (height, width, channels, images), with the images last. In
that layout every transform below is a plain or a batched matrix product over long contiguous rows,
and neither a transpose nor a concatenation of activations is ever needed; those two, not the
arithmetic, are what makes convolution slow under XLA on a CPU.

The Fourier convolution, along one axis of n pixels with an odd kernel of k taps and p = k // 2:
pad with zeros to m >= n + p, so that the wrap-around of the circular product only reaches outputs
that are discarded. Transform both, multiply per frequency, transform back only the n wanted
outputs. A real signal needs m // 2 + 1 frequencies along the first axis, fewer for an odd m. The
discrete Fourier transforms are matrix products with constant matrices; the complex product per
frequency is one real product with [[re, -im], [im, re]]. Multiply-adds per image and pair of
channels: 4 m (m // 2 + 1), about 2 m^2 for every k, against n^2 k^2 directly (480 to 612 against
1,764 to 9,604 for n = 14, k = 3 to 7). The backward pass costs twice as much, as it does directly.
The taps of a dilated kernel, d pixels apart, are transformed in their places, with p = d (k // 2);
the zeros between them are never multiplied.

A few products have hand-written gradients: the same products as automatic differentiation gives,
with factors laid out so that XLA multiplies them fast on a CPU.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# Up to this many values under a kernel, gathering them costs less than the Fourier transforms of
# all channels. Measured with the gradients that training takes, 128 images on one core: the first
# layer, whose images need no gradient, up to 11 x 11; other layers up to 3 x 3 from 3 channels.
LARGEST_GATHERED_FIELD = {"first layer": 128, "other layers": 32}


def convolve(images: jax.Array, kernel: jax.Array, dilation: int = 1) -> jax.Array:
    """Cross-correlate with same padding and stride 1, as `keras.layers.Conv2D` does.

    Args:
        images: float (height, width, channels_in, n).
        kernel: float (k, k, channels_in, channels_out), k odd.
        dilation: Pixels from each tap of the kernel to the next.

    Returns:
        float (height, width, channels_out, n).

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.arange(9.0).reshape(3, 3, 1, 1)
        >>> neighbours = convolve(image, jnp.ones((3, 3, 1, 1)))
        >>> float(neighbours[1, 1, 0, 0])  # all nine pixels
        36.0
        >>> corners = convolve(image, jnp.ones((3, 3, 1, 1)), dilation=2)
        >>> float(corners[0, 0, 0, 0])  # 0 + 2 + 6 + 8; the other five taps lie outside
        16.0
    """
    size, _, channels_in, _ = kernel.shape
    largest = LARGEST_GATHERED_FIELD["first layer" if channels_in == 1 else "other layers"]
    if size == 1 or size * size * channels_in <= largest:
        return convolve_gathered(images, kernel, dilation)
    return convolve_fourier(images, kernel, dilation)


def convolve_gathered(images: jax.Array, kernel: jax.Array, dilation: int = 1) -> jax.Array:
    """`convolve` as one matrix product per block of pixels with the values under the block.

    A block of 2 x 2 pixels needs (k + 1)^2 values instead of four times k^2: a few more
    multiplications, but far fewer values to gather, and wider products. A block's pixels are as far
    apart as the kernel's taps; otherwise their fields would not overlap.
    """
    height, width, channels_in, count = images.shape
    size, _, _, channels_out = kernel.shape
    block = 1 if size == 1 else 2
    rows, columns = (-(-side // (block * dilation)) * dilation for side in (height, width))
    field, pad = size + block - 1, dilation * (size // 2)
    bottom, right = block * rows - height + pad, block * columns - width + pad
    padded = jnp.pad(images, ((pad, bottom), (pad, right), (0, 0), (0, 0)))
    # Without the barrier XLA folds the padding's bounds checks into every gathered element.
    values = lax.optimization_barrier(padded).reshape(-1, count)
    index = gather_index(rows, columns, channels_in, block, field, dilation)
    # With 1 x 1 kernels every pixel is gathered once, so the gradient's scatter has no sums; their
    # order would vary on a GPU.
    patches = values.at[index].get(mode="promise_in_bounds", unique_indices=size == 1)
    patches = patches.reshape(rows * columns, field * field * channels_in, count)
    last = block - 1
    shifted = [
        jnp.pad(kernel, ((down, last - down), (right, last - right), (0, 0), (0, 0)))
        for down in range(block)
        for right in range(block)
    ]
    weights = jnp.stack(shifted, axis=3).reshape(-1, block * block * channels_out)
    outputs = _multiply_patches(weights, patches)
    interlaced = (rows // dilation, dilation, columns // dilation, dilation)
    outputs = outputs.reshape(*interlaced, block, block, channels_out, count)
    outputs = outputs.transpose(0, 4, 1, 2, 5, 3, 6, 7)
    outputs = outputs.reshape(block * rows, block * columns, channels_out, count)
    return outputs[:height, :width]


@jax.custom_vjp
def _multiply_patches(weights: jax.Array, patches: jax.Array) -> jax.Array:
    """(i, o) weights times each of (p, i, n) patches: (p, o, n)."""
    repeated = jnp.broadcast_to(weights, (len(patches), *weights.shape))
    return jnp.einsum("pio,pin->pon", repeated, patches)


def _multiply_patches_forward(
    weights: jax.Array, patches: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _multiply_patches(weights, patches), (weights, patches)


def _multiply_patches_backward(
    residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    weights, patches = residuals
    repeated = jnp.broadcast_to(weights, (len(patches), *weights.shape))
    # Written with the outputs first; the other order costs several times as much.
    weight_gradient = jnp.einsum("pon,pin->poi", gradient, patches).sum(axis=0).T
    return weight_gradient, jnp.einsum("pio,pon->pin", repeated, gradient)


_multiply_patches.defvjp(_multiply_patches_forward, _multiply_patches_backward)


@lru_cache(maxsize=64)
def gather_index(
    rows: int, columns: int, channels: int, block: int, field: int, dilation: int = 1
) -> np.ndarray:
    """For every block and every value under it, its row in the padded images.

    Blocks whose pixels lie `dilation` apart interlace: `dilation` blocks begin at neighbouring
    pixels, and the next ones begin beyond them.
    """
    padded_width = block * columns + dilation * (field - block)
    row, column, tap, channel = np.ix_(
        np.arange(rows), np.arange(columns), np.arange(field * field), np.arange(channels)
    )
    row, column = (dilation * (block - 1) * (each // dilation) + each for each in (row, column))
    row, column = row + dilation * (tap // field), column + dilation * (tap % field)
    pixel = row * padded_width + column
    return (pixel * channels + channel).reshape(-1).astype(np.int32)


def convolve_fourier(images: jax.Array, kernel: jax.Array, dilation: int = 1) -> jax.Array:
    """`convolve` in the Fourier domain; the module's docstring has the derivation."""
    height, width, channels_in, count = images.shape
    size, _, _, channels_out = kernel.shape
    along_height = _half_transforms(height, size, dilation)
    along_width = _full_transforms(width, size, dilation)
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
    columns = _multiply(along_width.inverse, along_width.inverse.T, products)
    columns = columns.reshape(1, 2 * half, -1)
    outputs = _multiply(along_height.inverse, along_height.inverse.T, columns)
    return outputs.reshape(height, width, channels_out, count)


def _transform(
    first: np.ndarray, second: np.ndarray, signal: jax.Array, half: int, full: int
) -> jax.Array:
    """Half-complex transform along axis 0, then complex along axis 1, of (rows, columns, a, b).

    Returns:
        float (half, 2 * full, a * b), real and imaginary part of every frequency side by side.
    """
    rows, columns = signal.shape[:2]
    once = _multiply(first, first.T, signal.reshape(1, rows, -1)).reshape(half, 2 * columns, -1)
    twice = _multiply(second, second.T, once)
    return twice.reshape(half, 2 * full, -1)


@jax.custom_vjp
def _multiply(
    matrix: np.ndarray,
    transpose: np.ndarray,  # noqa: ARG001 - for the gradient
    signals: jax.Array,
) -> jax.Array:
    """A constant (v, r) matrix, given with its transpose, times each of (batch, r, n) signals."""
    # A product with a shared left factor would make XLA transpose the signals.
    repeated = jnp.broadcast_to(matrix, (len(signals), *matrix.shape))
    return jnp.einsum("bvr,brn->bvn", repeated, signals)


def _multiply_forward(
    matrix: np.ndarray, transpose: np.ndarray, signals: jax.Array
) -> tuple[jax.Array, tuple[np.ndarray, np.ndarray]]:
    return _multiply(matrix, transpose, signals), (matrix, transpose)


def _multiply_backward(
    residuals: tuple[np.ndarray, np.ndarray], gradient: jax.Array
) -> tuple[None, None, jax.Array]:
    # The same product with the matrix laid out anew; differentiating would contract its rows.
    matrix, transpose = residuals
    return None, None, _multiply(transpose, matrix, gradient)


_multiply.defvjp(_multiply_forward, _multiply_backward)


class _Transforms:
    """Constant matrices of one axis: forward for pixels and for taps, inverse for wanted pixels."""

    def __init__(
        self, forward: np.ndarray, kernel: np.ndarray, inverse: np.ndarray, frequencies: int
    ) -> None:
        self.forward = forward.astype(np.float32)
        self.kernel = kernel.astype(np.float32)
        self.inverse = inverse.astype(np.float32)
        self.frequencies = frequencies


def _padded_length(pixels: int, size: int, dilation: int) -> int:
    reach = dilation * (size // 2)
    return max(pixels, reach + 1) + reach


@lru_cache(maxsize=64)
def _half_transforms(pixels: int, size: int, dilation: int) -> _Transforms:
    """Real signal to (frequency, real or imaginary) and back."""
    length = _padded_length(pixels, size, dilation)
    frequencies = length // 2 + 1

    def forward(positions: np.ndarray) -> np.ndarray:  # (frequencies, 2, positions)
        angle = 2 * np.pi * np.outer(np.arange(frequencies), positions) / length
        return np.stack([np.cos(angle), -np.sin(angle)], axis=1)

    # Every frequency stands for its mirror image, too, unless it is its own.
    mirrored = -np.arange(frequencies) % length
    multiplicity = np.where(mirrored == np.arange(frequencies), 1.0, 2.0)
    wanted = dilation * (size // 2) + np.arange(pixels)
    inverse = (forward(wanted) * multiplicity[:, None, None] / length).transpose(2, 0, 1)
    return _Transforms(
        forward(np.arange(pixels)).reshape(2 * frequencies, pixels),
        forward(dilation * np.arange(size)).reshape(2 * frequencies, size),
        inverse.reshape(pixels, 2 * frequencies),
        frequencies,
    )


@lru_cache(maxsize=64)
def _full_transforms(pixels: int, size: int, dilation: int) -> _Transforms:
    """(Real or imaginary, pixel) to (frequency, real or imaginary) and back."""
    length = _padded_length(pixels, size, dilation)

    def forward(positions: np.ndarray) -> np.ndarray:  # (length, 2, 2, positions)
        angle = 2 * np.pi * np.outer(np.arange(length), positions) / length
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)

    wanted = dilation * (size // 2) + np.arange(pixels)
    # The inverse of exp(-ia) is exp(ia) / length: the transpose of the real 2 x 2 rotation.
    inverse = forward(wanted).transpose(2, 3, 0, 1) / length
    return _Transforms(
        forward(np.arange(pixels)).reshape(2 * length, 2 * pixels),
        forward(dilation * np.arange(size)).reshape(2 * length, 2 * size),
        inverse.reshape(2 * pixels, 2 * length),
        length,
    )


def images_last(images: jax.Array) -> jax.Array:
    """(n, height, width, channels) to (height, width, channels, n)."""
    return images.transpose(1, 2, 3, 0)


def images_first(images: jax.Array) -> jax.Array:
    """(height, width, channels, n) to (n, height, width, channels)."""
    return images.transpose(3, 0, 1, 2)
