"""The canvas on which experiments move images."""

from __future__ import annotations

from convbias.spec.datasets import DatasetDescription

SIDE, OF_SIDE = 40, 28  # pixels per side of the canvas for images of 28 pixels
MULTIPLE = 4  # networks halve the side twice


def canvas_of(described: DatasetDescription) -> int:
    """Pixels per side of a canvas: 10/7 of the images' side, to the nearest multiple of 4.

    Args:
        described: The images' data set.

    Example:
        >>> from convbias.spec.datasets import DATASETS
        >>> canvas_of(DATASETS["fashion-mnist"])
        40
    """
    return MULTIPLE * round(SIDE * described.side / (OF_SIDE * MULTIPLE))


def largest_shift_of(described: DatasetDescription) -> int:
    """By how many pixels an image in the middle of the canvas can be shifted without loss.

    Args:
        described: The images' data set.
    """
    return (canvas_of(described) - described.side) // 2
