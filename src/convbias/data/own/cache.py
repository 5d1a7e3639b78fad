"""A person's images in the user's cache: kept once they were read, found again without reading."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from convbias.data.dataset import Dataset
from convbias.errors import DataError, StorageError
from convbias.spec.datasets import (
    OWN_NAME,
    DatasetDescription,
    DatasetName,
    description_of,
    own_folder,
    register,
)
from convbias.spec.description import Description
from convbias.spec.files import read_file

ImageNames = tuple[list[str], list[str]]
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
DESCRIPTION, READING, NAMES = "description.json", "reading.json", "names.json"
LONGEST_SLUG = 40  # characters
UNFINISHED = ".unfinished-"
SECONDS_UNFINISHED = 24 * 3_600  # after which nobody is still writing


class Reading(Description, frozen=True):
    """How a data set was read, and from where."""

    key: str = Field(description="Changes with the files' names, sizes and times, and the options.")
    checksum: str = Field(description="SHA-256 of what was kept.")
    path: str = Field(description="What was read.")
    changes: dict[str, int] = Field(description="How many images were changed in which way.")
    skipped: dict[str, str] = Field(description="Damaged files that were left out: reasons.")
    remarks: tuple[str, ...] = Field(description="What else was left out.")


def name_of(title: str, checksum: str) -> DatasetName:
    """The name of a data set.

    Args:
        title: The name of its folder or file.
        checksum: As `content_checksum` returns it.

    Example:
        >>> name_of("My flowers (2024)", "1f0c2d9a7b" + 54 * "0")
        'my-flowers-2024-1f0c2d9a7b'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-")
    return f"{slug or 'images'}-{checksum[:10]}"


def content_checksum(arrays: Mapping[str, np.ndarray], class_names: tuple[str, ...]) -> str:
    """SHA-256 over all that networks and tables see of a data set.

    Args:
        arrays: The four arrays, by their names in `Dataset`.
        class_names: One per label.
    """
    digest = hashlib.sha256(json.dumps(class_names).encode())
    for part in PARTS:
        array = np.ascontiguousarray(arrays[part])
        digest.update(f"{part} {array.dtype} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def keep(
    name: DatasetName,
    description: DatasetDescription,
    reading: Reading,
    arrays: Mapping[str, np.ndarray],
    names: ImageNames,
) -> None:
    """Keep a data set in the user's cache, whole or not at all; one of its name is replaced.

    Args:
        name: As `name_of` returns it.
        description: What is known of it.
        reading: How it was read.
        arrays: The four arrays, by their names in `Dataset`.
        names: What training images and test images are called, for instance by their files.

    Raises:
        StorageError: The cache is not writable or the disk is full.
    """
    folder = own_folder(name)
    unfinished: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(folder.parent)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=UNFINISHED))
        for part in PARTS:
            np.save(unfinished / f"{part}.npy", arrays[part], allow_pickle=False)
        (unfinished / DESCRIPTION).write_text(description.model_dump_json(indent=1), "utf-8")
        (unfinished / NAMES).write_text(json.dumps(names), "utf-8")
        (unfinished / READING).write_text(reading.model_dump_json(indent=1), "utf-8")
        while True:
            try:
                unfinished.rename(folder)
                break
            except OSError:
                if not folder.exists():
                    raise
                # Renamed first, so that no process sees a half-deleted one under its name.
                old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=UNFINISHED))
                with suppress(FileNotFoundError):  # another process was faster
                    folder.rename(old / "old")
                shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"the images could not be kept in {folder.parent}: {error.strerror or error}",
            "a writable folder with enough free space",
            "make room there, or name another folder with the environment variable XDG_CACHE_HOME",
        ) from error
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    # What this process has looked up before it was read is out of date.
    description_of.cache_clear()
    register(name, description)


def _clear_leftovers(folder: Path) -> None:
    """Remove what killed processes have left behind."""
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > SECONDS_UNFINISHED:
                shutil.rmtree(path, ignore_errors=True)


def find(key: str) -> Dataset | None:
    """A data set that was read before from the same files with the same options.

    Args:
        key: As in `Reading`.

    Returns:
        The data set; None where it is not in the cache, or is damaged there.
    """
    for name, reading in kept_sets():
        if reading.key == key:
            with suppress(DataError):
                return load_own(name)
    return None


def kept_sets() -> Iterator[tuple[DatasetName, Reading]]:
    """The names of the data sets in the user's cache, in order, and how each was read."""
    folder = own_folder("any").parent
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if OWN_NAME.fullmatch(name):
            with suppress(StorageError, ValidationError):
                yield name, reading_of(name)


def reading_of(name: DatasetName) -> Reading:
    """How a data set in the user's cache was read.

    Raises:
        StorageError: It is not there.
        ValidationError: The file that says so is damaged.
    """
    return Reading.model_validate_json(read_file(own_folder(name) / READING))


def image_names(dataset: Dataset) -> ImageNames:
    """What the images of a data set are called: by their files, where they were read from such.

    Args:
        dataset: Any data set.

    Returns:
        The names of the training images, and of the test images.
    """
    if OWN_NAME.fullmatch(dataset.name):
        with suppress(StorageError, ValueError):
            train, test = json.loads(read_file(own_folder(dataset.name) / NAMES))
            if (len(train), len(test)) == (len(dataset.train_images), len(dataset.test_images)):
                return train, test
    return (
        [f"training image {index}" for index in range(len(dataset.train_images))],
        [f"test image {index}" for index in range(len(dataset.test_images))],
    )


def load_own(name: DatasetName) -> Dataset:
    """Load a data set from the user's cache, and verify it; its arrays stay in their files.

    Args:
        name: The data set.

    Raises:
        InputError: It is not in the cache.
        DataError: A file of it is missing or damaged.
    """
    dataset = open_own(name)
    arrays = {part: getattr(dataset, part) for part in PARTS}
    if content_checksum(arrays, dataset.class_names) != reading_of(name).checksum:
        raise _damaged(name, "its checksum differs")
    return dataset


def open_own(name: DatasetName) -> Dataset:
    """As `load_own`, of a data set that this process has just kept: its content is not verified."""
    description_of(name)
    folder = own_folder(name)
    try:
        reading_of(name)
        arrays = [
            np.load(folder / f"{part}.npy", mmap_mode="r", allow_pickle=False) for part in PARTS
        ]
        return Dataset(name, *arrays)
    except (DataError, StorageError, ValidationError, OSError, ValueError, EOFError) as error:
        raise _damaged(name, str(error).splitlines()[0]) from error


def _damaged(name: DatasetName, reason: str) -> DataError:
    return DataError(
        f"the data set {name!r} is damaged in the cache {own_folder(name)}: {reason}",
        "the files as they were kept",
        "delete that folder, and name what it was read from again with --data",
    )
