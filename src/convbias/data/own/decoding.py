"""Image files in, squares of pixels out: one file after the other, in any process."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, UnidentifiedImageError

from convbias.data.conversion import (
    BITS_16,
    LEFT_FOR_ONE,
    centred_square,
    colours,
    resized,
    upright,
)
from convbias.data.own.sources import Encoded
from convbias.data.reading import MOST_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
FORMATS_IN_WORDS = "PNG, JPEG, WebP or BMP"


@dataclass(frozen=True, eq=False)
class Decoded:
    """The decoded images of one group of files.

    Args:
        images: uint8 (n, side, side, channels), one channel if all are grey, else three; those that
            were not decoded are undefined.
        sizes: Integers (n, 2), the width and height of each file's image; 0 where it is damaged.
        damaged: Index to reason.
        changes: How many images were changed in which way.
    """

    images: np.ndarray
    sizes: np.ndarray
    damaged: dict[int, str] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)


def decode(files: Sequence[Encoded], side: int, *, exact: bool = False) -> Decoded:
    """Decode files, and bring their images to one size.

    Args:
        files: What to decode.
        side: Pixels per side of the results.
        exact: Decode only images that have this size already; of others only the size is read.
    """
    images = np.zeros((len(files), side, side, 3), dtype=np.uint8)
    decoded = Decoded(images, np.zeros((len(files), 2), dtype=np.int64))
    with warnings.catch_warnings():
        # Warnings about large pictures, which are refused below, and about unusual metadata.
        warnings.simplefilter("ignore")
        for index, file in enumerate(files):
            try:
                with Image.open(_whole(file.content), formats=FORMATS) as image:
                    _check_size(image)
                    decoded.sizes[index] = image.size
                    if not exact or image.size == (side, side):
                        square, changes = fitted(image, side)
                        images[index] = np.asarray(square)
                        decoded.changes.update(changes)
            except Exception as error:  # noqa: BLE001 - decoders raise whatever the damage leads to
                decoded.damaged[index] = _reason(error)
                decoded.sizes[index] = 0
    if is_grey(images):
        return Decoded(images[..., :1].copy(), decoded.sizes, decoded.damaged, decoded.changes)
    return decoded


def is_grey(images: np.ndarray) -> bool:
    """Whether red, green and blue are equal in every pixel.

    Args:
        images: (n, height, width, 3).
    """
    red = images[..., 0]
    return bool(np.array_equal(red, images[..., 1]) and np.array_equal(red, images[..., 2]))


def fitted(image: Image.Image, side: int) -> tuple[Image.Image, list[str]]:
    """Bring an image to RGB and to one size: upright, the middle square, resized.

    Args:
        image: An image that may be yet to be decoded.
        side: Pixels per side of the result.

    Returns:
        The image in RGB, and in words what was changed.
    """
    changes = []
    large = int(LEFT_FOR_ONE * side)
    # JPEG files alone can be decoded at a half, a quarter or an eighth of their size, which is
    # faster; what follows hides the difference.
    image.draft(None, (large, large))
    turned = upright(image)
    if turned is not image:
        changes.append("turned upright, as the camera has noted")
    if turned.mode in BITS_16:
        changes.append("rounded from 16 bits to 8")
    transparent = turned.has_transparency_data
    if transparent:
        changes.append("laid on white where they are transparent")
    plain = turned.mode == "RGB" and not transparent
    coloured = turned if plain else colours(turned).convert("RGB")
    square = centred_square(coloured)
    if square is not coloured:
        changes.append("cut to the square in the middle")
    if square.width != side:
        changes.append("reduced" if square.width > side else "enlarged")
    return resized(square, side), changes


def _whole(content: str | bytes) -> io.BytesIO:
    """The file in memory: a decoder reads small files in dozens of small steps."""
    if isinstance(content, bytes):
        return io.BytesIO(content)
    with io.FileIO(content) as file:
        return io.BytesIO(file.readall())


def _check_size(image: Image.Image) -> None:
    """The header states the size, before any pixel is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"{image.width:,} x {image.height:,} pixels, more than {MOST_PIXELS:,}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnidentifiedImageError):
        return f"not a {FORMATS_IN_WORDS} image"
    if isinstance(error, Image.DecompressionBombError):
        return f"far more pixels than {MOST_PIXELS:,}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
