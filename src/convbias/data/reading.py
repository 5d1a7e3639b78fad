"""Read one image: a PNG or JPEG file, an array in a .npy file, or a test image by its index."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from convbias.data import Dataset
from convbias.data.conversion import SIDE, Converted, convert, convert_pixels
from convbias.errors import InputError
from convbias.spec.datasets import TITLES

# A decoded picture of this size takes 200 MB; phone cameras reach it.
MOST_PIXELS = 50_000_000

INDEX = re.compile(r"[+-]?[0-9]{1,18}")  # names a test image, not a file

SHAPES = ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE, 1))


@dataclass(frozen=True, eq=False)
class Picture:
    """An image to explain.

    Args:
        name: What titles call it.
        converted: The image as the networks take it, with the steps of the conversion.
        label: Its class, if known.
    """

    name: str
    converted: Converted
    label: int | None = None


def read_picture(source: str, dataset: Callable[[], Dataset]) -> Picture:
    """Read an image.

    Args:
        source: Path of a PNG, JPEG or .npy file; or a whole number, the index of a test image (a
            file with such a name is read as `./7`).
        dataset: Loads the data set whose test images the index counts; called for an index only.

    Raises:
        InputError: There is no such image, or it cannot be used.
    """
    if INDEX.fullmatch(source):
        return _test_image(int(source), dataset())
    path = Path(source)
    _check_file(path)
    if path.suffix.lower() == ".npy":
        pixels, words = read_array(path)
        return Picture(path.name, convert_pixels(pixels, words))
    return Picture(path.name, convert(read_image(path)))


def _test_image(index: int, dataset: Dataset) -> Picture:
    count = len(dataset.test_images)
    if not 0 <= index < count:
        raise InputError(
            f"there is no test image {index:,} in {dataset.name}", f"an index from 0 to {count - 1}"
        )
    name = f"test image {index:,} of {TITLES[dataset.name]}"
    label = int(dataset.test_labels[index])
    words = f"{name}, {dataset.class_names[label]}"
    return Picture(name, convert_pixels(dataset.test_images[index, :, :, 0], words), label)


def _check_file(path: Path) -> None:
    try:
        if path.is_file():
            return
        kind = "is a folder" if path.is_dir() else "is not a file"
        what = f"{path} {kind}" if path.exists() else f"there is no file {path}"
    except OSError as error:  # for instance a name that no file system can hold
        what = f"{path} cannot be looked for: {error.strerror or error}"
    raise InputError(
        what,
        "a PNG, JPEG or .npy file, or the index of a test image",
        "check the path",
    )


def read_image(path: Path) -> Image.Image:
    """Decode a PNG or JPEG file.

    Args:
        path: Path of a PNG or JPEG file.

    Returns:
        The decoded picture, in the mode of the file.

    Raises:
        InputError: It is no PNG or JPEG file, is damaged, or holds more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            # Warnings about large pictures, which are limited below, and about unusual metadata.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                _check_size(path, image)
                image.load()  # the pixels stay when the file is closed
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(
            f"{path} is not an image that can be read",
            "a PNG or JPEG file, or an array in a file that ends in .npy",
            "save the picture as PNG",
        ) from None
    except Image.DecompressionBombError:
        raise _too_large(path, "far too many") from None
    except Exception as error:  # decoders raise whatever the damage leads to
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(
            f"{path} cannot be read: {reason}",
            "an undamaged PNG or JPEG file",
            "save the picture again",
        ) from error
    return image


def _check_size(path: Path, image: Image.Image) -> None:
    # The header states the size, before any pixel is decoded.
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, f"{image.width:,} × {image.height:,}")


def _too_large(path: Path, pixels: str) -> InputError:
    return InputError(
        f"{path} has {pixels} pixels",
        f"at most {MOST_PIXELS:,}",
        f"make it smaller; the networks see {SIDE} × {SIDE} pixels",
    )


def read_array(path: Path) -> tuple[np.ndarray, str]:
    """Read one image from a .npy file; a pickled object in it is never unpickled.

    Args:
        path: Path of a file with uint8, or floats in [0, 1], of shape (28, 28), (28, 28, 1) or
            (1, 28, 28, 1).

    Returns:
        uint8 (28, 28), floats rounded to 256 grey values, and a description of the input.

    Raises:
        InputError: It is no such file.
    """
    try:
        # Mapped, so that a header that promises terabytes costs nothing.
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError) as error:
        pickled = "Python objects" in str(error)
        reason = "it holds Python objects" if pickled else str(error).splitlines()[0]
        raise InputError(
            f"{path} is not an array that can be read: {reason}",
            "uint8, or floats in [0, 1]",
            "write it with `numpy.save`",
        ) from error
    if array.shape not in SHAPES:
        raise InputError(
            f"{path} has the shape {array.shape}",
            " or ".join(map(str, SHAPES)),
            "give one grey image; pictures of other sizes are read from PNG and JPEG files",
        )
    values = np.array(array).reshape(SIDE, SIDE)
    words = f"array of {SIDE} × {SIDE} pixels, {values.dtype}"
    if values.dtype == np.uint8:
        return values, words
    return _grey_values(path, values), f"{words}, rounded to 256 grey values"


def _grey_values(path: Path, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f":
        raise InputError(
            f"{path} holds {values.dtype}", "uint8, or floats in [0, 1]", "convert it with `astype`"
        )
    if not np.isfinite(values).all():
        raise InputError(
            f"{path} holds {np.count_nonzero(~np.isfinite(values)):,} values that are not finite",
            "floats in [0, 1]",
        )
    if values.min() < 0 or values.max() > 1:
        raise InputError(
            f"{path} holds floats from {values.min():g} to {values.max():g}",
            "floats in [0, 1]",
            "divide by 255 if they are grey values",
        )
    return np.rint(values.astype(np.float64) * 255).astype(np.uint8)
