"""Whether a picture is like the images that networks were trained on.

Most of the frame of these images is black. A photograph keeps a busy, grey or uneven ground, and
networks take it for garment: they call most such pictures a bag or a pullover, often with a
probability near 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from convbias.data.conversion import TRIM_WITHIN
from convbias.data.reading import Picture
from convbias.spec.datasets import FASHION_MNIST, DatasetName, description_of

OUTERMOST = 4 * (FASHION_MNIST.side - 1)  # pixels

# 99 of 100 training images have at most so many outermost pixels that are not black. A test counts
# them again.
USUAL: dict[DatasetName, int] = {"fashion-mnist": 32, "mnist": 2, "drawn": 14}


def light_outermost(images: np.ndarray) -> np.ndarray:
    """Count the outermost pixels per image that are more than 5 % of the grey values from black.

    Args:
        images: uint8 (n, 28, 28).

    Returns:
        int64 (n,), 0 to 108.
    """
    light = images > TRIM_WITHIN
    inner = light[:, 1:-1, 1:-1]
    return np.count_nonzero(light, axis=(1, 2)) - np.count_nonzero(inner, axis=(1, 2))


def with_remarks(picture: Picture, datasets: Iterable[DatasetName]) -> Picture:
    """Remark upon a picture that is unlike the images of a data set.

    Args:
        picture: the picture.
        datasets: what the networks were trained on.

    Returns:
        The picture with one more remark for each data set that it is unlike; a test image as it is.
        Of a data set that was not counted, nothing is remarked.
    """
    known = sorted(USUAL.keys() & set(datasets))
    if picture.label is not None or not known:
        return picture
    converted = picture.converted
    known = sorted(name for name in datasets if name in USUAL)
    if not known:
        return picture
    [light] = light_outermost(converted.pixels[np.newaxis]).tolist()
    remarks = [
        f"the picture is unlike {description_of(name).title}: {_percent(light)} of its outermost"
        f" pixels are not black, at most {_percent(USUAL[name])} in 99 of 100 training images; a"
        " ground that is not plain white or black counts as a part of what is shown, and the answer"
        " may be wrong whatever its probability"
        for name in known
        if light > USUAL[name]
    ]
    return replace(picture, converted=replace(converted, remarks=(*converted.remarks, *remarks)))


def _percent(pixels: int) -> str:
    return f"{100 * pixels / OUTERMOST:.0f} %"
