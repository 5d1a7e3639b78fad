"""Arrays of images in a `.npz` file or in four IDX files."""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from convbias.data.idx import parse
from convbias.data.own.classes import number_labels
from convbias.data.own.decoding import fitted, is_grey
from convbias.data.own.memory import check_file_fits, check_memory
from convbias.data.own.pictures import chosen_side
from convbias.data.own.sources import Part, Source, Squares
from convbias.errors import DataError, InputError
from convbias.spec.files import open_file

KEYS = ("x_train", "y_train", "x_test", "y_test")
IDX_NAMES = (
    ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
    ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
    ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
)
LONGEST_HEADER = 10_000  # bytes; those of NumPy's own arrays are a hundred


def read_npz(path: Path) -> Source:
    """Read a `.npz` file with `x_train` and `y_train`, and `x_test` and `y_test` or neither.

    Args:
        path: The file; pickled objects in it are never unpickled.

    Raises:
        DataError: It is no such file, or what it holds are not images and labels.
        InputError: The arrays need more memory than there is.
    """
    try:
        with open_file(path) as opened, zipfile.ZipFile(opened) as archive:
            wanted = _wanted(archive, path)
            check_file_fits(path, sum(_bytes_of(archive, key, path) for key in wanted))
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {key: file[key] for key in wanted}
    except InputError:
        raise
    except Exception as error:  # damage can look like encryption, or like any compression
        raise DataError(
            f"{path} cannot be read: {error or type(error).__name__}",
            "a .npz file of numbers, written by `numpy.savez`",
            "write it again",
        ) from error
    return _source(arrays, str(path))


def _wanted(archive: zipfile.ZipFile, path: Path) -> tuple[str, ...]:
    """Which arrays are to be read; all of them are there."""
    names = {name.removesuffix(".npy") for name in archive.namelist()}
    wanted = KEYS if {"x_test", "y_test"} & names else KEYS[:2]
    absent = [key for key in wanted if key not in names]
    if absent:
        raise DataError(
            f"{path} lacks {' and '.join(absent)}; it has {', '.join(sorted(names)[:10])}",
            "x_train, y_train, and x_test, y_test or neither of them",
            "write it with `numpy.savez(path, x_train=..., y_train=...)`",
        )
    return wanted


def _bytes_of(archive: zipfile.ZipFile, key: str, path: Path) -> int:
    """How many bytes an array takes, by its header; an array of Python objects is refused."""
    with archive.open(f"{key}.npy") as file:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{key} has a header of version {version}")
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file, max_header_size=LONGEST_HEADER)
    if dtype.hasobject:
        raise DataError(
            f"{path}: {key} holds Python objects, which could run programs when they are read",
            "arrays of numbers",
            "images of different sizes: bring them to one size, or save them as files",
        )
    return math.prod(shape) * dtype.itemsize


def idx_files(folder: Path) -> list[Path] | None:
    """The four IDX files of a folder; None where none of them is there.

    Raises:
        DataError: Some are there, and others are not.
    """
    found = [
        next(
            (
                path
                for name in names
                for path in (folder / name, folder / f"{name}.gz")
                if path.is_file()
            ),
            None,
        )
        for names in IDX_NAMES
    ]
    if not any(found):
        return None
    absent = [names[0] for names, path in zip(IDX_NAMES, found, strict=True) if path is None]
    if absent:
        raise DataError(
            f"{folder} lacks {', '.join(absent)}",
            "all four IDX files of a data set, each plain or compressed (.gz)",
            "copy the others there",
        )
    return [path for path in found if path]


def read_idx(paths: list[Path]) -> Source:
    """Read four IDX files.

    Args:
        paths: As `idx_files` returns them.

    Raises:
        DataError: A file is damaged, or what they hold are not images and labels.
        InputError: The arrays need more memory than there is.
    """
    arrays = {key: _read_idx(path) for key, path in zip(KEYS, paths, strict=True)}
    return _source(arrays, str(paths[0].parent))


def _read_idx(path: Path) -> np.ndarray:
    try:
        with open_file(path) as opened, _unpacked(opened, path) as file:
            start = file.read(4)
            axes = start[3] if len(start) == 4 else 0
            lengths = file.read(4 * axes)
            size = math.prod(
                int.from_bytes(lengths[begin : begin + 4], "big")
                for begin in range(0, len(lengths), 4)
            )
            check_file_fits(path, size)
            # One byte more than the header says shows whether there are more.
            content = start + lengths + file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be unpacked: {error}", "a complete gzip file", "copy it again"
        ) from error
    return parse(content, str(path))


def _unpacked(opened: BinaryIO, path: Path) -> BinaryIO:
    return gzip.GzipFile(fileobj=opened) if path.suffix == ".gz" else opened  # pyright: ignore[reportReturnType]


def _source(arrays: Mapping[str, np.ndarray], where: str) -> Source:
    x_train, y_train = arrays["x_train"], arrays["y_train"]
    x_test, y_test = arrays.get("x_test"), arrays.get("y_test")
    _check_lengths(x_train, y_train, "training", where)
    if x_test is not None and y_test is not None:
        _check_lengths(x_test, y_test, "test", where)
    names, labels, test_labels = number_labels(y_train, y_test, where)
    parts = {"training": x_train} | ({} if x_test is None else {"test": x_test})
    shaped = {name: _with_channels(array, name, where) for name, array in parts.items()}
    # One scale for both parts: test images may all be dark.
    unit = all(array.dtype.kind == "f" and array.max() <= 1 for array in shaped.values())
    images = {name: _grey_values(array, unit=unit) for name, array in shaped.items()}
    train = Part(images["training"], labels)
    if x_test is None or test_labels is None:
        return Source(names, train, None)
    test = Part(images["test"], test_labels)
    if images["training"].shape[1:] != images["test"].shape[1:]:
        raise DataError(
            f"{where}: training images are {x_train.shape[1:]}, test images {x_test.shape[1:]}",
            "the same height, width and channels",
            "bring them to one size",
        )
    return Source(names, train, test)


def _check_lengths(images: np.ndarray, labels: np.ndarray, part: str, where: str) -> None:
    if images.ndim and labels.ndim and len(images) == len(labels) and len(images):
        return
    raise DataError(
        f"{where}: {part} images are {images.shape}, {part} labels {labels.shape}",
        "one label per image, and at least one image",
        "check how the arrays were made",
    )


def _with_channels(array: np.ndarray, part: str, where: str) -> np.ndarray:
    """Check the shape and the type of images; numbers (n, height, width, channels)."""
    where = f"{where}: the {part} images"
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or 0 in array.shape:
        first = array.ndim == 4 and array.shape[1] in (1, 3)
        raise DataError(
            f"{where} have the shape {array.shape}",
            "(n, height, width), or with a last axis of 1 (grey) or 3 (red, green, blue)",
            "move the channels to the end with `numpy.moveaxis(images, 1, -1)`"
            if first
            else "reshape them",
        )
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where} are {array.dtype}", "whole numbers or floats", "convert them")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        count = np.count_nonzero(~np.isfinite(array))
        raise DataError(
            f"{where} have {count:,} values that are not finite numbers",
            "floats from 0 to 1 or from 0 to 255",
            "replace them, or leave those images out",
        )
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise DataError(
            f"{where} have values from {low:g} to {high:g}",
            "from 0 to 255, or floats from 0 to 1",
            "undo the standardisation, and scale them",
        )
    return array


def _grey_values(array: np.ndarray, *, unit: bool) -> np.ndarray:
    """Images in uint8, from 0 to 255.

    Args:
        array: From `_with_channels`.
        unit: Whether 1, not 255, is white.
    """
    if array.dtype == np.uint8:
        return array
    factor = 255 if unit or array.dtype.kind == "b" else 1
    images = np.empty(array.shape, dtype=np.uint8)
    # In blocks: a copy of all in 64 bits would take eight times the result.
    for start in range(0, len(array), 1_000):
        block = array[start : start + 1_000].astype(np.float64) * factor
        images[start : start + 1_000] = np.rint(block)
    return images


def fit_arrays(images: np.ndarray, side: int | None) -> Squares:
    """Bring images in an array to one size: the middle square, resized.

    Args:
        images: uint8 (n, height, width, channels).
        side: Pixels per side of the results; by default as `chosen_side` says.
    """
    n, height, width, channels = images.shape
    if channels == 3 and is_grey(images):
        images, channels = images[..., :1], 1
    side = side or chosen_side(np.array([[width, height]]))
    if (height, width) == (side, side):
        return Squares(images)
    check_memory(n, side, images.nbytes)
    squares = np.empty((n, side, side, channels), dtype=np.uint8)
    result = Squares(squares)
    for index, pixels in enumerate(images):
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        square, changes = fitted(image, side)
        squares[index] = np.asarray(square)[..., :channels]
        result.changes.update(changes)
    return result
