"""Requests for the images named by the user: files, folders of files, test images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from convbias.data import Dataset
from convbias.data.likeness import with_remarks
from convbias.data.reading import FORMATS_IN_WORDS, INDEX, read_picture, read_picture_file
from convbias.errors import InputError, RunError
from convbias.spec.datasets import FASHION_MNIST_FORM, DatasetName, InputForm

NPY = "application/x-npy"
CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".gif": "image/gif",
    ".npy": NPY,
}


class RejectedRequestError(InputError):
    """This request was rejected; others may succeed."""


class FailedRequestError(RunError):
    """This request failed through no fault of its own; others may succeed."""


@dataclass(frozen=True, eq=False)
class ImageRequest:
    """A request with one image, or with all images of a .npy file.

    Args:
        name: name in the output.
        content_type: content type of the body.
        body: reads the body; called late, so that only one file is in memory at a time.
        label: class index of a test image.
        remarks: finds what limits how far a prediction for a PNG or JPEG file can be trusted.
    """

    name: str
    content_type: str
    body: Callable[[], bytes]
    label: int | None = None
    remarks: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True)
class Target:
    """What a network takes, and what it was trained on.

    Args:
        form: the images that it takes.
        dataset: the data set whose test images indices select, and whose images remarks compare.
        convert_pictures: convert pictures here and send their pixels as .npy, because AWS's
            TensorFlow container cannot read pictures.
    """

    form: InputForm = FASHION_MNIST_FORM
    dataset: DatasetName = "fashion-mnist"
    convert_pictures: bool = False


def image_requests(
    names: Iterable[str], dataset: Callable[[], Dataset], target: Target
) -> list[ImageRequest]:
    """Find the named images, before the first request is sent.

    Args:
        names: each the path of a picture (PNG, JPEG, WebP, BMP, TIFF or GIF) or .npy file, or of a
            folder with such files; or a whole number, the index of a test image (for a file with
            such a name, write `./7`).
        dataset: loads the data set of the test images; called at most once, for an index only.
        target: what the network takes.

    Returns:
        Requests in the order of the names; files of a folder in alphabetical order.

    Raises:
        InputError: A file or test image does not exist, or a folder contains no image.
    """
    load = cache(dataset)
    return [request for name in names for request in _requests(name, load, target)]


def _requests(name: str, dataset: Callable[[], Dataset], target: Target) -> Iterator[ImageRequest]:
    if INDEX.fullmatch(name):
        yield _test_image(name, dataset, target)
    else:
        yield from (_file(path, target) for path in _paths(Path(name)))


def _test_image(index: str, dataset: Callable[[], Dataset], target: Target) -> ImageRequest:
    picture = read_picture(index, dataset, target.form)
    body = npy_bytes(picture.converted.pixels)
    return ImageRequest(picture.name, NPY, lambda: body, picture.label)


def npy_bytes(array: np.ndarray) -> bytes:
    """The content of a .npy file with an array."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _paths(path: Path) -> list[Path]:
    """The file itself, or the folder's images."""
    try:
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix.lower() in CONTENT_TYPES)
            paths = [each for each in found if each.is_file()]
            what = f"the folder {path} contains no image"
        else:
            paths = [path] if path.is_file() else []
            what = f"{path} is not a file" if path.exists() else f"the file {path} does not exist"
    except OSError as error:  # for instance because the name is too long
        paths, what = [], f"{path} cannot be accessed: {error.strerror or error}"
    if not paths:
        raise InputError(
            what,
            f"a {FORMATS_IN_WORDS} file, a .npy file, a folder with such files, or the index of a"
            " test image",
            "check the path and its permissions",
        )
    return paths


def _file(path: Path, target: Target) -> ImageRequest:
    suffix = path.suffix.lower()
    if suffix not in CONTENT_TYPES:
        raise InputError(
            f"{path} ends in {suffix!r}" if suffix else f"{path} has no suffix",
            f"a file that ends in {', '.join(CONTENT_TYPES)}",
            "save the picture as PNG or JPEG",
        )
    kind, body = CONTENT_TYPES[suffix], partial(_read, path)
    if kind == NPY:
        return ImageRequest(str(path), kind, body)
    if target.convert_pictures:
        kind, body = NPY, partial(_converted, path, target.form)
    return ImageRequest(str(path), kind, body, remarks=partial(_remarks, path, target))


def _converted(path: Path, form: InputForm) -> bytes:
    try:
        return npy_bytes(read_picture_file(path, form).converted.pixels)
    except InputError as error:
        text = f"the picture cannot be read: {error.what}; expected {error.expected}"
        raise RejectedRequestError(text) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RejectedRequestError(f"the file cannot be read: {error.strerror or error}") from error


def _remarks(path: Path, target: Target) -> Sequence[str]:
    """Convert the picture as `inference.py` does, for the remarks alone."""
    with suppress(InputError):  # the prediction is worth more than its remarks
        picture = read_picture_file(path, target.form)
        return with_remarks(picture, [target.dataset]).converted.remarks
    return ()
