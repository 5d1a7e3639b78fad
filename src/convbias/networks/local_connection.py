"""Locally connected layers in JAX: convolutions without weight sharing."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from convbias.networks.convolution import gather_index


def connect_locally(images: jax.Array, kernels: jax.Array, size: int) -> jax.Array:
    """Convolve with a separate kernel for every pixel, with same padding and stride 1.

    Args:
        images: float (height, width, channels_in, n).
        kernels: float (height * width, size * size * channels_in, channels_out).
        size: Pixels per side of a kernel, odd.

    Returns:
        float (height, width, channels_out, n).
    """
    height, width, _, count = images.shape
    pad = size // 2
    padded = jnp.pad(images, ((pad, pad), (pad, pad), (0, 0), (0, 0)))
    outputs = jnp.einsum("pio,pin->pon", kernels, _patches(padded, size))
    return outputs.reshape(height, width, -1, count)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _patches(padded: jax.Array, size: int) -> jax.Array:
    """Gather the values under the kernel of every pixel.

    Args:
        padded: float (height + size - 1, width + size - 1, channels, n).
        size: Pixels per side of a kernel.

    Returns:
        float (height * width, size * size * channels, n).
    """
    height, width = (side - size + 1 for side in padded.shape[:2])
    channels, count = padded.shape[2:]
    values = lax.optimization_barrier(padded).reshape(-1, count)
    index = gather_index(height, width, channels, block=1, field=size)
    patches = values.at[index].get(mode="promise_in_bounds")
    return patches.reshape(height * width, size * size * channels, count)


@_patches.defjvp
def _patches_of_tangent(
    size: int, primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    # The same values, one slice per tap of the kernel. Gradients transpose this, into one sum per
    # tap; the gathering's own transpose is a scatter, whose sums a GPU orders anew each time.
    [padded], [tangent] = primals, tangents
    height, width = (side - size + 1 for side in padded.shape[:2])
    taps = np.ndindex(size, size)
    slices = [tangent[down : down + height, right : right + width] for down, right in taps]
    patches = _patches(padded, size)
    return patches, jnp.stack(slices, axis=2).reshape(patches.shape)


def local_kernels(kernel: np.ndarray, pixels: int) -> np.ndarray:
    """Copy a convolution's kernel to every pixel of a locally connected layer, an exact embedding.

    Args:
        kernel: float (size, size, channels_in, channels_out).
        pixels: Height times width of the images.

    Returns:
        float (pixels, size * size * channels_in, channels_out), the same kernel for every pixel.
    """
    flat = kernel.reshape(-1, kernel.shape[-1])
    return np.broadcast_to(flat, (pixels, *flat.shape)).copy()


def dense_matrix(kernels: np.ndarray, height: int, width: int, size: int) -> np.ndarray:
    """Write a locally connected layer as the matrix of a dense layer, an exact embedding.

    Args:
        kernels: float (height * width, size * size * channels_in, channels_out).
        height: Height of the images.
        width: Width of the images.
        size: Pixels per side of a kernel, odd.

    Returns:
        float (height * width * channels_in, height * width * channels_out), to be multiplied from
        the right onto images flattened row by row.
    """
    pixels, taps, channels_out = kernels.shape
    channels_in = taps // (size * size)
    matrix = np.zeros((height, width, channels_in, pixels, channels_out), dtype=kernels.dtype)
    by_tap = kernels.reshape(height, width, size, size, channels_in, channels_out)
    for row, column in np.ndindex(height, width):
        for down, right in np.ndindex(size, size):
            source_row, source_column = row + down - size // 2, column + right - size // 2
            if 0 <= source_row < height and 0 <= source_column < width:
                matrix[source_row, source_column, :, row * width + column] = by_tap[
                    row, column, down, right
                ]
    return matrix.reshape(height * width * channels_in, pixels * channels_out)
