"""Translate images by fractions of a pixel, exactly and differentiably."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np


def translate(images: jax.Array, pixels: float | jax.Array, axis: int) -> jax.Array:
    """Translate circularly along one axis by the phases of the discrete Fourier transform.

    The images are taken as samples of the trigonometric polynomial through their pixels.
    Translations by whole pixels are then circular shifts, two translations add up, nothing is
    blurred, and the derivative with respect to `pixels` exists everywhere. Bilinear interpolation
    lacks the last two: it blurs most at half a pixel, and at whole pixels its left and right
    derivatives differ. The price is that sharp edges ring at fractions of a pixel. With an even
    number of pixels the highest frequency cannot be translated within the real numbers; it stays
    in place and is multiplied by cos(pi * pixels).

    Args:
        images: float (n, height, width, channels).
        pixels: Distance downwards or to the right; negative for the opposite direction.
        axis: 1 downwards, 2 to the right.

    Returns:
        float (n, height, width, channels).

    Example:
        >>> wave = jnp.cos(2 * jnp.pi * jnp.arange(8) / 8).reshape(1, 8, 1, 1)
        >>> half = jnp.cos(2 * jnp.pi * (jnp.arange(8) - 0.5) / 8).reshape(1, 8, 1, 1)
        >>> bool(jnp.allclose(translate(wave, 0.5, 1), half, atol=1e-6))
        True
    """
    length = images.shape[axis]
    phases = jnp.exp(-2j * jnp.pi * jnp.fft.rfftfreq(length) * pixels)
    shape = [1] * images.ndim
    shape[axis] = -1
    spectrum = jnp.fft.rfft(images, axis=axis) * phases.reshape(shape)
    return jnp.fft.irfft(spectrum, length, axis=axis)


def velocity(images: np.ndarray, axis: int) -> np.ndarray:
    """The derivative of `translate` with respect to the distance, at no translation.

    Args:
        images: float (n, height, width, channels).
        axis: 1 downwards, 2 to the right.

    Returns:
        float32 (n, height, width, channels), per pixel of distance.

    Example:
        >>> angle = 2 * np.pi * np.arange(8) / 8
        >>> moving = velocity(np.cos(angle).reshape(1, 8, 1, 1), axis=1)
        >>> bool(np.allclose(moving.ravel(), 2 * np.pi / 8 * np.sin(angle), atol=1e-6))
        True
    """
    length = images.shape[axis]
    turns = -2j * np.pi * np.fft.rfftfreq(length)
    if length % 2 == 0:
        turns[-1] = 0  # the highest frequency only changes its size, by a cosine
    shape = [1] * images.ndim
    shape[axis] = -1
    spectrum = np.fft.rfft(images, axis=axis) * turns.reshape(shape)
    return np.fft.irfft(spectrum, length, axis=axis).astype(np.float32)
