"""Images of two classes in two corners of a canvas, with or without a link of class and corner.

The test of Kayhan and van Gemert 2020 (arXiv 2003.07064): in training, each class has its own
corner. A network that classifies by content gives the same answer in the other class's corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convbias.data import transforms
from convbias.errors import InputError
from convbias.spec.streams import Stream, generator


@dataclass(frozen=True)
class LocationData:
    """Training and test images whose class is tied to a corner or free of it.

    Args:
        tied: uint8 (n, side, side, channels), training images, each in its class's corner.
        free: uint8 (n, side, side, channels), the same images, of each class half in either corner:
            the control.
        labels: uint8 (n,), 0 and 1, of both.
        similar: uint8 (m, side, side, channels), test images, each in its class's corner.
        dissimilar: uint8 (m, side, side, channels), the same images in the other class's corner.
        test_labels: uint8 (m,), of both.
    """

    tied: np.ndarray
    free: np.ndarray
    labels: np.ndarray
    similar: np.ndarray
    dissimilar: np.ndarray
    test_labels: np.ndarray


def in_corners(images: np.ndarray, corners: np.ndarray, side: int, margin: int = 0) -> np.ndarray:
    """Put every image into the upper left or the lower right corner of a black canvas.

    Args:
        images: uint8 (n, size, size, channels).
        corners: int or bool (n,), 0 for the upper left, 1 for the lower right.
        side: Pixels per side of the canvas. A circular network with poolings forgets position
            exactly if the distance between the places, side - size - 2 * margin, is a multiple of
            the product of its strides.
        margin: Pixels between the image and the canvas' frame. With valid padding, what a network
            computes from an image is cut at the frame, unless the margin is as wide as its field.

    Returns:
        uint8 (n, side, side, channels).

    Raises:
        InputError: The image does not fit, or the two corners coincide.

    Example:
        >>> dots = np.full((2, 1, 1, 1), 9, dtype=np.uint8)
        >>> in_corners(dots, np.array([0, 1]), side=2)[..., 0].tolist()
        [[[9, 0], [0, 0]], [[0, 0], [0, 9]]]
    """
    size = images.shape[1]
    if images.shape[2] != size or margin < 0 or side - size - 2 * margin < 1:
        raise InputError(
            f"images of {size} x {images.shape[2]} pixels have no two places on a canvas of"
            f" {side} x {side} with a margin of {margin}",
            "square images, smaller than the canvas within its margin",
            "use a larger canvas or a smaller margin",
        )
    before = (side - size) // 2  # of an image in the middle, from which `on_canvas` counts
    placed = transforms.on_canvas(images, side, margin - before, margin - before)
    far = side - size - margin - before
    lower = np.asarray(corners) == 1
    placed[lower] = transforms.on_canvas(images[lower], side, far, far)
    return placed


def location_data(
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    side: int,
    margin: int = 0,
    seed: int = 0,
) -> LocationData:
    """Make the training and test images of the location test.

    The corner of class 0 is the upper left, that of class 1 the lower right.

    Args:
        images: uint8 (n, size, size, channels), of two classes.
        labels: int (n,), 0 and 1.
        test_images: uint8 (m, size, size, channels).
        test_labels: int (m,), 0 and 1.
        side: Pixels per side of the canvas, see `in_corners`.
        margin: Pixels between image and frame, see `in_corners`.
        seed: Random seed of the corners in the control.

    Returns:
        Tied and free training images, similar and dissimilar test images.

    Raises:
        InputError: A label is neither 0 nor 1, or the image does not fit.
    """
    for named in (labels, test_labels):
        if not np.isin(named, (0, 1)).all():
            raise InputError(
                f"the labels are {np.unique(named).tolist()}",
                "0 and 1",
                "choose two classes with `two_classes`",
            )
    random = generator(seed, Stream.CORNERS)
    anywhere = np.empty(len(labels), dtype=np.uint8)
    for label in (0, 1):
        members = np.flatnonzero(labels == label)
        anywhere[members] = random.permutation(np.arange(len(members)) % 2)
    return LocationData(
        tied=in_corners(images, labels, side, margin),
        free=in_corners(images, anywhere, side, margin),
        labels=labels.astype(np.uint8),
        similar=in_corners(test_images, test_labels, side, margin),
        dissimilar=in_corners(test_images, 1 - test_labels.astype(int), side, margin),
        test_labels=test_labels.astype(np.uint8),
    )


def two_classes(
    images: np.ndarray, labels: np.ndarray, first: int, second: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the images of two classes.

    Args:
        images: uint8 (n, height, width, channels).
        labels: int (n,).
        first: The class that becomes 0.
        second: The class that becomes 1.

    Returns:
        Their images in the given order, and their labels, uint8, 0 and 1.

    Raises:
        InputError: The two are the same, or one of them has no image.
    """
    absent = {first, second} - set(np.unique(labels).tolist())
    if absent or first == second:
        raise InputError(
            f"classes {first} and {second} were asked for",
            f"two of {', '.join(map(str, np.unique(labels)))}",
        )
    kept = np.isin(labels, (first, second))
    return images[kept], (labels[kept] == second).astype(np.uint8)


def unlabelled_patches(
    pairs: int, size: int, seed: int, channels: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Draw patches of noise; every patch occurs once in each class.

    Once `location_data` has placed them, only the location tells the class. A network that
    discards position gives both images of a pair the same class, so its accuracy is exactly 50 %.
    Other networks reach 50 % on average over seeds when they are trained on the control: a network
    that uses location still does, and then all its answers are right or wrong together. The
    validation split separates some pairs; a network that memorised one image of such a pair
    misclassifies the other.

    Args:
        pairs: How many different patches.
        size: Pixels per side.
        seed: Random seed of the patches.
        channels: 1 or 3; each is drawn on its own.

    Returns:
        Patches, uint8 (2 * pairs, size, size, channels), at least half bright everywhere so that
        they stand out from the canvas, and labels, uint8 (2 * pairs,), 0 and 1; the two of a pair
        are neighbours.
    """
    random = generator(seed, Stream.PATCHES)
    patches = random.integers(128, 256, size=(pairs, size, size, channels), dtype=np.uint8)
    return np.repeat(patches, 2, axis=0), np.tile(np.array([0, 1], dtype=np.uint8), pairs)
