"""Silhouettes of garments, their textures, and silhouettes filled with another garment's texture.

Stimuli in which shape and texture speak for different classes, after Geirhos et al. 2019 (arXiv
1811.12231). They transfer a photograph's style; a garment of 28 x 28 pixels has a texture of a few
pixels, which is repeated here.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from convbias.errors import InputError
from convbias.spec.streams import Stream, generator

# Most garments have a faint halo that is not black.
BRIGHTEST_GROUND = 16  # grey value

# Pixels per side of the square that a texture is taken from. Larger ones do not fit into sandals.
PATCH = 6


def silhouettes(images: np.ndarray) -> np.ndarray:
    """Where the garments are: all pixels brighter than the ground, and what they enclose.

    Args:
        images: uint8 (n, height, width, 1), garments on black.

    Returns:
        bool (n, height, width, 1).

    Example:
        >>> ring = np.zeros((1, 3, 3, 1), np.uint8)
        >>> ring[0, [0, 1, 1, 2], [1, 0, 2, 1]] = 90
        >>> silhouettes(ring)[0, :, :, 0].astype(int).tolist()
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    masks = [ndimage.binary_fill_holes(image[:, :, 0] > BRIGHTEST_GROUND) for image in images]
    return np.array(masks, dtype=bool).reshape(images.shape)


def cut_out(masks: np.ndarray, fillings: np.ndarray | int) -> np.ndarray:
    """Silhouettes filled with images or with one grey, on black.

    Args:
        masks: bool (n, height, width, 1), from `silhouettes`.
        fillings: uint8 (n, height, width, 1), or a grey value from 0 to 255.

    Returns:
        uint8 (n, height, width, 1).
    """
    return np.where(masks, np.asarray(fillings, dtype=np.uint8), np.uint8(0))


def mean_grey(images: np.ndarray, masks: np.ndarray) -> int:
    """The mean of all pixels inside the silhouettes, rounded; 0 where these are empty.

    Args:
        images: uint8 (n, height, width, 1).
        masks: bool (n, height, width, 1).
    """
    return round(float(images[masks].mean())) if masks.any() else 0


def textures(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Fill the whole image with what a garment looks like inside, without its silhouette.

    The square of 6 x 6 pixels that holds the most of the garment (of several the one nearest to the
    garment's centre) is continued by reflection at its borders.

    Args:
        images: uint8 (n, height, width, 1), at least 6 pixels per side.
        masks: bool (n, height, width, 1), from `silhouettes`.

    Returns:
        uint8 (n, height, width, 1).
    """
    rows, columns = (_reflected(length) for length in images.shape[1:3])
    fields = [
        image[top + rows][:, left + columns]
        for image, (top, left) in zip(images, _corners(masks[..., 0]), strict=True)
    ]
    return np.array(fields, dtype=images.dtype).reshape(images.shape)


def _reflected(length: int) -> np.ndarray:
    """Positions inside the square, forwards and backwards in turn."""
    forwards = np.arange(PATCH)
    return np.resize(np.concatenate([forwards, forwards[::-1]]), length)


def _corners(masks: np.ndarray) -> np.ndarray:
    """Upper left corner of the square inside each garment: int (n, 2)."""
    windows = np.lib.stride_tricks.sliding_window_view(masks, (PATCH, PATCH), axis=(1, 2))
    covered = windows.sum(axis=(3, 4))
    middles = np.indices(covered.shape[1:]) + (PATCH - 1) / 2
    corners = np.empty((len(masks), 2), dtype=np.int64)
    for number, (mask, of_mask) in enumerate(zip(masks, covered, strict=True)):
        centre = np.argwhere(mask).mean(axis=0) if mask.any() else np.zeros(2)
        distance = np.square(middles - centre[:, None, None]).sum(axis=0)
        nearest = np.where(of_mask == of_mask.max(), distance, np.inf).argmin()
        corners[number] = np.unravel_index(nearest, of_mask.shape)
    return corners


def partners(labels: np.ndarray, seed: int) -> np.ndarray:
    """Draw an image of another class for every image, all of them equally likely.

    Args:
        labels: int (n,), of at least two classes.
        seed: Random seed.

    Returns:
        int64 (n,), indices of images.

    Raises:
        InputError: All images are of one class.

    Example:
        >>> partners(np.array([3, 5]), seed=0).tolist()
        [1, 0]
    """
    classes = np.unique(labels)
    if len(classes) < 2:
        raise InputError("all images are of one class", "images of at least two classes")
    random = generator(seed, Stream.PARTNERS)
    found = np.empty(len(labels), dtype=np.int64)
    for label in classes:
        own = labels == label
        found[own] = random.choice(np.flatnonzero(~own), size=int(own.sum()))
    return found
