"""What was named on the command line, as requests: files, folders of files, test images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from convbias.data import Dataset
from convbias.data.reading import INDEX, read_picture
from convbias.errors import InputError, did_you_mean

NPY = "application/x-npy"
CONTENT_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".npy": NPY}


class RefusedError(InputError):
    """One request cannot be answered; others may be."""


@dataclass(frozen=True, eq=False)
class Question:
    """One request, of one image or of a .npy file's several.

    Args:
        name: What answers call it.
        content_type: Of the body.
        body: Reads the body, so that a folder of photographs is never in memory as a whole.
        label: Of a test image, its class.
    """

    name: str
    content_type: str
    body: Callable[[], bytes]
    label: int | None = None


def questions(named: Iterable[str], dataset: Callable[[], Dataset]) -> list[Question]:
    """Find what was named, before anybody is asked.

    Args:
        named: Each the path of a PNG, JPEG or .npy file, or of a folder of them; or a whole
            number, the index of a test image (a file with such a name is read as `./7`).
        dataset: Loads the data set whose test images the indices count; called for an index only,
            and once.

    Returns:
        In the order of the names; files of a folder by their names.

    Raises:
        InputError: There is no such file or test image, or a folder has no image.
    """
    load = cache(dataset)
    return [question for word in named for question in _questions(word, load)]


def _questions(word: str, dataset: Callable[[], Dataset]) -> Iterator[Question]:
    if INDEX.fullmatch(word):
        yield _test_image(word, dataset)
    else:
        yield from map(_file, _paths(Path(word)))


def _test_image(word: str, dataset: Callable[[], Dataset]) -> Question:
    picture = read_picture(word, dataset)
    file = io.BytesIO()
    np.save(file, picture.converted.pixels)
    return Question(picture.name, NPY, file.getvalue, picture.label)


def _paths(path: Path) -> list[Path]:
    """The file itself, or the images of the folder."""
    try:
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix.lower() in CONTENT_TYPES)
            paths = [each for each in found if each.is_file()]
            what = f"the folder {path} has no image"
        else:
            paths = [path] if path.is_file() else []
            what = f"{path} is no file" if path.exists() else f"there is no file {path}"
    except OSError as error:  # for instance a name that no file system can hold
        paths, what = [], f"{path} cannot be looked for: {error.strerror or error}"
    if not paths:
        raise InputError(
            what,
            "a PNG, JPEG or .npy file, a folder with such files, or the index of a test image",
            "check the path",
        )
    return paths


def _file(path: Path) -> Question:
    suffix = path.suffix.lower()
    if suffix not in CONTENT_TYPES:
        raise InputError(
            f"{path} ends in {suffix!r}" if suffix else f"{path} has no suffix",
            f"a file that ends in {', '.join(CONTENT_TYPES)}, which says what it holds",
            did_you_mean(suffix, CONTENT_TYPES),
        )
    return Question(str(path), CONTENT_TYPES[suffix], partial(_read, path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RefusedError(f"the file cannot be read: {error.strerror or error}") from error
