"""Convert any picture to the images that a network takes.

Where these are light on black, the steps are those by which Fashion-MNIST was made from photographs
(Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747, section 2): grey, negated, trimmed to the garment,
resized by the longer side, extended to a square. Elsewhere the largest centred square is cut out
and resized, as a person's own images are read.

`inference.py` repeats this conversion, because it runs without the package; a test compares both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageChops, ImageOps

from convbias.spec.datasets import FASHION_MNIST_FORM, InputForm

# No test image of Fashion-MNIST has a lighter frame, so none of them is ever negated.
LIGHT_ABOVE = 127
TRIM_WITHIN = 13  # grey values from the background's that still count as background: 5 % of 255
DARK_UP_TO = 32  # background that is lighter than this, after the conversion, is remarked upon
# Pixels that a faster method may leave for one of the result, before Lanczos' filter.
LEFT_FOR_ONE = 3.0
GAP = 64  # Lanczos' filter gets at most about this many pixels for one; more take gigabytes
LARGEST_PICTURE = 160  # pixels per side of a step's picture

TURNED = range(2, 9)  # orientations that a camera notes for turned or mirrored pictures
TWELVE_BITS = 2**12 - 1  # the largest value of cameras and scanners that fill 16 bits in part

BITS_16 = ("I;16", "I;16B", "I;16L", "I;16N", "I")  # how Pillow calls 16-bit grey


LAID_ON_WHITE = (
    "transparent parts laid on white, the background of the photographs that Fashion-MNIST was made"
    " from"
)


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the conversion.

    Args:
        words: What was done and why.
        picture: The result, uint8 (height, width) or (height, width, 3), at most 160 pixels
            per side.
    """

    words: str
    picture: np.ndarray


@dataclass(frozen=True, eq=False)
class Converted:
    """An image as the networks take it, and the steps of its conversion.

    Args:
        pixels: uint8 (side, side), or (side, side, 3) in colour; 0 is black.
        steps: The steps of the conversion, in order.
        remarks: Warnings that limit how far predictions for the image can be trusted.
    """

    pixels: np.ndarray
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()


def convert(image: Image.Image, form: InputForm = FASHION_MNIST_FORM) -> Converted:
    """Convert a picture of any size and mode.

    Args:
        image: A decoded picture.
        form: The images that the networks take.

    Returns:
        The image with every step of its conversion. A picture of their size is neither trimmed
        nor resized, so that an exported test image stays unchanged.

    Example:
        >>> black_on_white = Image.new("RGB", (400, 300), "white")
        >>> black_on_white.paste("black", (100, 50, 200, 250))
        >>> converted = convert(black_on_white)
        >>> [int(converted.pixels[14, column]) for column in (0, 14)]
        [0, 255]
    """
    size = f"{image.width} × {image.height} pixels"
    steps = [Step(f"as given: {size}, {_mode_in_words(image)}", _thumbnail(colours(image)))]
    turned = upright(image)
    remarks = _remarks_on_bits(turned)
    if turned is not image:
        steps.append(Step("turned upright, as the camera has noted", _thumbnail(colours(turned))))
    if form.conversion == "centred-square":
        return Converted(_centred_square(turned, form, steps), tuple(steps), tuple(remarks))
    grey = _grey(turned, steps)
    return _fit(grey, form.side, steps, remarks)


def convert_pixels(
    pixels: np.ndarray, words: str, form: InputForm = FASHION_MNIST_FORM
) -> Converted:
    """Convert an image that has the networks' size already.

    Args:
        pixels: uint8 (side, side), or (side, side, 3) in colour.
        words: Description of the input.
        form: The images that the networks take.

    Returns:
        The image; negated if the networks take images on black and its background is light.
    """
    step = Step(words, pixels)
    if form.conversion == "centred-square":
        return Converted(pixels, (step,))
    return _fit(Image.fromarray(pixels), form.side, [step])


def _centred_square(image: Image.Image, form: InputForm, steps: list[Step]) -> np.ndarray:
    if image.has_transparency_data and image.mode not in BITS_16:
        image = colours(image)
        steps.append(Step("transparent parts laid on white", _thumbnail(image)))
    image = _grey(image, steps) if form.channels == 1 else colours(image).convert("RGB")
    square = centred_square(image)
    if square is not image:
        words = f"the centred square cut out, {square.width} × {square.height} pixels are left"
        steps.append(Step(words, _thumbnail(square)))
    small = resized(square, form.side)
    if small is not square:
        words = f"resized to {form.side} × {form.side} pixels with Lanczos' filter"
        steps.append(Step(words, np.array(small)))
    return np.array(small)


def centred_square(image: Image.Image) -> Image.Image:
    """Cut the largest square out of the middle of an image; a square is returned as it is."""
    shorter = min(image.size)
    if image.size == (shorter, shorter):
        return image
    left, top = (image.width - shorter) // 2, (image.height - shorter) // 2
    # Not by the argument `box` of `resize`, which also averages pixels outside of it.
    return image.crop((left, top, left + shorter, top + shorter))


def resized(square: Image.Image, side: int) -> Image.Image:
    """Bring a square to another size with Lanczos' filter; of that size it is returned as it is.

    Args:
        square: Grey or RGB.
        side: Pixels per side of the result.
    """
    if square.width == side:
        return square
    size = (side, side)
    return square.resize(size, Image.Resampling.LANCZOS, reducing_gap=LEFT_FOR_ONE)


def _fit(grey: Image.Image, side: int, steps: list[Step], remarks: Sequence[str] = ()) -> Converted:
    background = _background(grey)
    if background > LIGHT_ABOVE:
        grey, was, background = ImageChops.invert(grey), background, 255 - background
        steps.append(
            Step(
                f"negated, because the background is light: the median of the outermost pixels is"
                f" {was} of 255",
                _thumbnail(grey),
            )
        )
    else:
        words = f"not negated: the background is dark, {background} of 255"
        last = steps.pop()
        steps.append(Step(f"{last.words}; {words}", last.picture))
    if grey.size != (side, side):
        grey = _trimmed(grey, background, steps)
        grey = _resized(grey, side, background, steps)
    pixels = np.array(grey)
    return Converted(pixels, tuple(steps), (*remarks, *_remarks(pixels, background)))


def _mode_in_words(image: Image.Image) -> str:
    names = dict.fromkeys(BITS_16, "16-bit grey") | {
        "1": "black and white",
        "L": "grey",
        "P": "a palette of colours",
        "CMYK": "CMYK",
    }
    name = names.get(image.mode, "grey" if image.mode == "LA" else "RGB")
    return f"{name} with transparency" if image.has_transparency_data else name


def upright(image: Image.Image) -> Image.Image:
    """The picture as it was seen when it was taken; itself where the camera noted no rotation."""
    try:
        noted = image.getexif().get(ExifTags.Base.Orientation, 1)
        return ImageOps.exif_transpose(image) if noted in TURNED else image
    except Exception:  # noqa: BLE001 - damaged notes raise anything, and the pixels are undamaged
        return image


def colours(image: Image.Image) -> Image.Image:
    """The picture as a screen can show it, grey or RGB, transparent parts on white."""
    if image.mode in BITS_16:
        return _eight_bits(image)
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, with_alpha).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.clip(np.asarray(image), 0, 65_535).astype(np.uint32)
    if image.has_transparency_data:  # one of the grey values, laid on white
        values[values == image.info["transparency"]] = 65_535
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _grey(image: Image.Image, steps: list[Step]) -> Image.Image:
    if image.mode in BITS_16:
        grey = _eight_bits(image)
        laid = f"{LAID_ON_WHITE}; " if image.has_transparency_data else ""
        steps.append(Step(f"{laid}16 bits rounded to 8", _thumbnail(grey)))
        return grey
    if image.has_transparency_data:
        image = colours(image)
        steps.append(Step(LAID_ON_WHITE, _thumbnail(image)))
    if image.mode in ("1", "L"):
        return image.convert("L")
    grey = image.convert("RGB").convert("L")
    steps.append(
        Step("made grey: 0.299 red + 0.587 green + 0.114 blue (ITU-R 601)", _thumbnail(grey))
    )
    return grey


def _background(grey: Image.Image) -> int:
    """Median of the outermost pixels."""
    pixels = np.asarray(grey)
    frame = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return int(np.median(frame))


def _trimmed(grey: Image.Image, background: int, steps: list[Step]) -> Image.Image:
    """Cut off the background at the edges."""
    distance = np.abs(np.asarray(grey).astype(np.int16) - background)
    content = distance > TRIM_WITHIN
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    if not len(rows):
        return grey
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    if box == (0, 0, *grey.size):
        return grey
    cropped = grey.crop(box)
    steps.append(
        Step(
            f"cropped to the garment: edges within 5 % of the background are cut off,"
            f" {cropped.width} × {cropped.height} pixels are left",
            _thumbnail(cropped),
        )
    )
    return cropped


def _resized(grey: Image.Image, side: int, background: int, steps: list[Step]) -> Image.Image:
    # Before padding to a square: a picture one pixel high would make a square too large to hold.
    longer = max(grey.size)
    width, height = (max(1, round(side * each / longer)) for each in grey.size)
    if grey.size != (width, height):
        grey = grey.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=GAP)
        words = f"resized to {width} × {height} pixels with Lanczos' filter"
        steps.append(Step(words, np.array(grey)))
    if (width, height) == (side, side):
        return grey
    square = Image.new("L", (side, side), background)
    square.paste(grey, ((side - width) // 2, (side - height) // 2))
    words = f"padded to {side} × {side} pixels with the background grey, {background}"
    steps.append(Step(words, np.array(square)))
    return square


def _remarks_on_bits(image: Image.Image) -> list[str]:
    if image.mode not in BITS_16:
        return []
    largest = int(np.asarray(image).max())
    if not 255 < largest <= TWELVE_BITS:
        return []
    remark = (
        f"the largest of the file's 16-bit values is {largest:,}: if it holds 12 bits, it is shown"
        " far too dark; stretch them to 65,535 first"
    )
    return [remark]


def _remarks(pixels: np.ndarray, background: int) -> list[str]:
    remarks = []
    if int(pixels.max()) - int(pixels.min()) <= TRIM_WITHIN:
        remarks.append("the picture shows only background")
    if background > DARK_UP_TO:
        remarks.append(
            f"the background is {background} of 255, but the networks were trained on a black"
            " background"
        )
    return remarks


def _thumbnail(image: Image.Image) -> np.ndarray:
    small = image.copy() if image.mode in ("L", "RGB") else image.convert("RGB")
    small.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE))
    return np.array(small)
