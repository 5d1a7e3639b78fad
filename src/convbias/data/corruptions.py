"""Corruptions of images beside the noise of `transforms`: blur, lost contrast, covered squares.

`noise_in_band` makes the noise that tells fine from coarse detail.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from convbias.spec.streams import Stream, generator

Band = Literal["fine", "coarse"]

# Cycles per pixel: periods below four pixels are fine. Half of the highest frequency along an axis.
FINE_FROM = 0.25


def blur(images: np.ndarray, standard_deviation: float) -> np.ndarray:
    """Convolve every image with a Gaussian; beyond the frame it is black.

    Args:
        images: uint8 (n, height, width, channels).
        standard_deviation: Of the Gaussian, in pixels; 0 changes nothing.

    Returns:
        uint8 (n, height, width, channels), rounded.
    """
    blurred = ndimage.gaussian_filter(
        images.astype(np.float32), standard_deviation, axes=(1, 2), mode="constant"
    )
    return np.clip(np.rint(blurred), 0, 255).astype(np.uint8)


def reduce_contrast(images: np.ndarray, lost: float) -> np.ndarray:
    """Move every pixel towards its image's mean, as in Hendrycks and Dietterich 2019.

    Args:
        images: uint8 (n, height, width, channels).
        lost: Share of each pixel's distance from the mean that is taken away, 0 to 1; 0 changes
            nothing, 1 leaves a uniform grey.

    Returns:
        uint8 (n, height, width, channels), rounded. Source: arXiv 1903.12261, "contrast".
    """
    pixels = images.astype(np.float32)
    means = pixels.mean(axis=(1, 2), keepdims=True)
    return np.rint(means + np.float32(1 - lost) * (pixels - means)).astype(np.uint8)


def occlude_at_random(images: np.ndarray, side: int, seed: int) -> np.ndarray:
    """Cover a black square of every image, each at its own place inside the frame.

    Args:
        images: uint8 (n, height, width, channels).
        side: Pixels per side of the square, no more than the image has; 0 changes nothing.
        seed: Random seed of the places; a larger square covers the smaller one's.

    Returns:
        uint8 (n, height, width, channels).
    """
    n, height, width, _ = images.shape
    places = generator(seed, Stream.OCCLUDED_PLACES).random((n, 2))
    covered = []
    for axis, length in enumerate((height, width)):
        # A place's share of the room is the same for every side, so that squares contain smaller
        # ones.
        first = np.floor(places[:, axis, None] * (length - side + 1))
        pixels = np.arange(length)
        covered.append((pixels >= first) & (pixels < first + side))
    square = covered[0][:, :, None] & covered[1][:, None, :]
    return np.where(square[..., None], np.uint8(0), images)


def noise_in_band(shape: tuple[int, ...], band: Band, seed: int) -> np.ndarray:
    """Gaussian noise of fine or of coarse detail only, with the same energy.

    Args:
        shape: (n, height, width, channels).
        band: "fine" has periods below four pixels, "coarse" longer ones; the mean counts as coarse.
        seed: Random seed; both bands are cut out of the same noise.

    Returns:
        float32 of that shape; every image has a root mean square of 1.
    """
    white = generator(seed, Stream.BAND_NOISE).standard_normal(shape, dtype=np.float32)
    fine = fine_frequencies(shape[1], shape[2])
    kept = fine if band == "fine" else ~fine
    spectrum = np.fft.fft2(white, axes=(1, 2)) * kept[..., None]
    noise = np.fft.ifft2(spectrum, axes=(1, 2)).real
    size = np.sqrt(np.square(noise).mean(axis=(1, 2, 3), keepdims=True))
    return (noise / size).astype(np.float32)


def fine_frequencies(height: int, width: int) -> np.ndarray:
    """Which elements of a two-dimensional Fourier transform are fine detail.

    Args:
        height: Rows of the image.
        width: Columns of the image.

    Returns:
        bool (height, width), in the order of `numpy.fft.fft2`.
    """
    rows, columns = np.fft.fftfreq(height), np.fft.fftfreq(width)
    return np.hypot(rows[:, None], columns) > FINE_FROM
