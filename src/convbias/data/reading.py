"""Read one image: a picture file, an array in a .npy file, or a test image by its index."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from convbias.data import Dataset
from convbias.data.conversion import Converted, convert, convert_pixels
from convbias.errors import InputError
from convbias.spec.datasets import FASHION_MNIST_FORM, InputForm
from convbias.spec.files import open_file

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
FORMATS_IN_WORDS = "PNG, JPEG, WebP, BMP, TIFF or GIF"

# A decoded picture of this size takes 200 MB; phone cameras reach it.
MOST_PIXELS = 50_000_000

# Of a TIFF file, by Pillow's name of the mode.
UNUSABLE_PIXELS = {
    "I": "signed or 32-bit integers",
    "F": "floating-point numbers",
    "LAB": "colours of the Lab space",
}
TILE_SIDES = (322, 323)  # tags of TIFF

# Phones store photographs in these formats, whose decoders are not installed everywhere.
BRANDS = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIC"
)

INDEX = re.compile(r"[+-]?[0-9]{1,18}")  # names a test image, not a file


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


def read_picture(
    source: str, dataset: Callable[[], Dataset], form: InputForm = FASHION_MNIST_FORM
) -> Picture:
    """Read an image.

    Args:
        source: Path of a PNG, JPEG, WebP, BMP, TIFF, GIF or .npy file; or a whole number, the index
            of a test image (a file with such a name is read as `./7`).
        dataset: Loads the data set whose test images the index counts; called for an index only.
        form: The images that the networks take.

    Raises:
        InputError: There is no such image, or it cannot be used.
    """
    if INDEX.fullmatch(source):
        return _test_image(int(source), dataset(), form)
    return read_picture_file(Path(source), form)


def read_picture_file(path: Path, form: InputForm = FASHION_MNIST_FORM) -> Picture:
    """Read an image from a file.

    Args:
        path: Path of a PNG, JPEG, WebP, BMP, TIFF, GIF or .npy file.
        form: The images that the networks take.

    Raises:
        InputError: There is no such file, or it cannot be used.
    """
    _check_file(path)
    if path.suffix.lower() == ".npy":
        pixels, words = read_array(path, form)
        return Picture(path.name, convert_pixels(pixels, words, form))
    image, remarks = read_image(path)
    converted = convert(image, form)
    return Picture(path.name, replace(converted, remarks=(*remarks, *converted.remarks)))


def _test_image(index: int, dataset: Dataset, form: InputForm) -> Picture:
    count = len(dataset.test_images)
    if not 0 <= index < count:
        raise InputError(
            f"there is no test image {index:,} in {dataset.name}", f"an index from 0 to {count - 1}"
        )
    name = f"test image {index:,} of {dataset.title}"
    label = int(dataset.test_labels[index])
    words = f"{name}, {dataset.class_names[label]}"
    pixels = dataset.test_images[index].reshape(form.shape)
    return Picture(name, convert_pixels(pixels, words, form), label)


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
        f"a {FORMATS_IN_WORDS} file, a .npy file, or the index of a test image",
        "check the path and its permissions",
    )


def read_image(path: Path) -> tuple[Image.Image, tuple[str, ...]]:
    """Decode a picture file, whatever its name ends in.

    Args:
        path: Path of a PNG, JPEG, WebP, BMP, TIFF or GIF file.

    Returns:
        The decoded picture, in the mode of the file, and remarks about the file. Of several
        pictures, such as the frames of an animation, it is the first.

    Raises:
        InputError: It is no such file, is damaged, or holds more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            # Warnings about large pictures, which are limited below, and about unusual metadata.
            warnings.simplefilter("ignore")
            with open_file(path) as file, Image.open(file, formats=FORMATS) as image:
                _check_size(path, image)
                several = _has_several(image)
                image.load()  # the pixels stay when the file is closed
    except InputError:
        raise
    except UnidentifiedImageError:
        raise _unidentified(path) from None
    except Image.DecompressionBombError:
        raise _too_large(path, "far too many") from None
    except Exception as error:  # decoders raise whatever the damage leads to
        raise InputError(
            f"{path} cannot be read: {error or type(error).__name__}",
            f"an undamaged {FORMATS_IN_WORDS} file",
            "save the picture again",
        ) from error
    if image.format == "TIFF" and image.mode in UNUSABLE_PIXELS:
        raise InputError(
            f"the pixels of {path} are {UNUSABLE_PIXELS[image.mode]}",
            "grey values or colours of 8 or 16 bits",
            "save the picture as PNG",
        )
    remark = "the file holds several pictures, of which this is the first"
    return image, (remark,) if several else ()


def _check_size(path: Path, image: Image.Image) -> None:
    # The header states the size, before any pixel is decoded.
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, f"{image.width:,} × {image.height:,}")
    # The tiles of a TIFF file, which may be larger than the picture, are decoded as a whole.
    tags = getattr(image, "tag_v2", {})
    width, height = (int(tags.get(tag, 0)) for tag in TILE_SIDES)
    if width * height > MOST_PIXELS:
        raise _too_large(path, f"tiles of {width:,} × {height:,}")


def _has_several(image: Image.Image) -> bool:
    # What follows the first picture may be damaged, which does not concern it.
    with contextlib.suppress(Exception):
        return getattr(image, "is_animated", False)
    return True


def _unidentified(path: Path) -> InputError:
    with open_file(path) as file:
        start = file.read(12)
    kind = BRANDS.get(start[8:]) if start[4:8] == b"ftyp" else None
    if kind is not None:
        return InputError(
            f"{path} is a picture in the format {kind}, which is not read here",
            FORMATS_IN_WORDS,
            "open it in the program that shows it, and save or export it as PNG or JPEG",
        )
    return InputError(
        f"{path} is not an image that can be read",
        f"a {FORMATS_IN_WORDS} file, or an array in a file that ends in .npy",
        "save the picture as PNG",
    )


def _too_large(path: Path, pixels: str) -> InputError:
    return InputError(
        f"{path} has {pixels} pixels",
        f"at most {MOST_PIXELS:,}",
        "make it smaller; the networks see far fewer pixels",
    )


def read_array(path: Path, form: InputForm) -> tuple[np.ndarray, str]:
    """Read one image from a .npy file; a pickled object in it is never unpickled.

    Args:
        path: Path of a file with uint8, or floats in [0, 1], of the networks' shape.
        form: The images that the networks take.

    Returns:
        uint8 of that shape, floats rounded to 256 grey values, and a description of the input.

    Raises:
        InputError: It is no such file.
    """
    try:
        with open_file(path):
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
    square = (form.side, form.side, form.channels)
    shapes = tuple(dict.fromkeys((form.shape, square, (1, *square))))
    if array.shape not in shapes:
        raise InputError(
            f"{path} has the shape {array.shape}",
            " or ".join(map(str, shapes)),
            "give one image; pictures of other sizes are read from files such as PNG and JPEG",
        )
    values = np.array(array).reshape(form.shape)
    words = f"array of {form.side} × {form.side} pixels, {values.dtype}"
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
