"""Load a data set by its name, downloading and verifying its files where needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import PIL

from convbias.data.cifar_files import CIFAR_10, CifarFiles
from convbias.data.dataset import Dataset
from convbias.data.digits import digits
from convbias.data.drawn import drawn
from convbias.data.idx_files import IDX_FILES, IdxFiles
from convbias.data.kept import kept
from convbias.data.own.cache import load_own
from convbias.data.published_files import FileReport
from convbias.errors import AbsentDataError, DataError, InputError
from convbias.spec.datasets import OWN_NAME, DatasetName, PublishedName, description_of

PARTS = ("train_images", "train_labels", "test_images", "test_labels")


def load(name: DatasetName, folder: Path | None = None) -> Dataset:
    """Load a data set.

    Those that are published are read from the folder that CONVBIAS_DATA names, else from the user's
    cache, into which they are downloaded if missing; checksums are verified every time. `drawn` is
    generated, and `digits` comes with scikit-learn. A person's own are in the user's cache, where
    `convbias.data.own.read_own` has put them.

    Args:
        name: Which data set.
        folder: Folder with its files, instead of CONVBIAS_DATA.

    Returns:
        The data set.

    Raises:
        InputError: No data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.

    Source:
        That of each data set is in its description, `convbias.spec.datasets.DATASETS`.

    Example:
        >>> load("drawn").test_images.shape
        (1000, 28, 28, 1)
    """
    if _checked(name) == "drawn":
        return _drawn_garments()
    if name == "digits":
        return Dataset(name, *digits())
    if OWN_NAME.fullmatch(name):
        return load_own(name)
    train_images, train_labels, test_images, test_labels = _published(name).read(folder)
    if train_images.ndim == 3:
        train_images, test_images = train_images[..., np.newaxis], test_images[..., np.newaxis]
    return Dataset(name, train_images, train_labels, test_images, test_labels)


@cache
def _drawn_garments() -> Dataset:
    sources = ("data/drawn.py", "data/garments.py", "data/sketch.py", "spec/streams.py")
    arrays = kept("drawn", (np.__version__, PIL.__version__), sources, _drawn_by_name)
    train_images, train_labels, test_images, test_labels = (arrays[part] for part in PARTS)
    return Dataset("drawn", train_images, train_labels, test_images, test_labels)


def _drawn_by_name() -> dict[str, np.ndarray]:
    return dict(zip(PARTS, drawn(), strict=True))


def fetch(name: DatasetName) -> Path:
    """Verify that a data set's files exist and are undamaged; download those that are missing.

    Args:
        name: Which data set.

    Returns:
        The folder that holds the files.

    Raises:
        InputError: The data set has no files, or no data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    if _checked(name) not in get_args(PublishedName):
        raise InputError(
            f"the data set {name!r} has no published files",
            f"a data set that is downloaded: {', '.join(get_args(PublishedName))}",
            f"use --dataset {name} as it is; there is nothing to fetch",
        )
    return _published(name).fetch()


def verify(name: DatasetName = "fashion-mnist", folder: Path | None = None) -> list[FileReport]:
    """Compare a data set's files with the published ones; downloads nothing.

    Args:
        name: Which data set.
        folder: Folder with its files, instead of CONVBIAS_DATA or the user's cache.

    Returns:
        One report per published file; none for a data set without such files.

    Raises:
        InputError: No data set has that name.
        DataError: `folder` or CONVBIAS_DATA names something that holds none of the files.
    """
    if _checked(name) not in get_args(PublishedName):
        return []
    return _published(name).verify(folder)


def resolve(name: str) -> tuple[DatasetName, DataError | None]:
    """Resolve a data set's name, including `auto`.

    Args:
        name: A data set, or `auto`: Fashion-MNIST if it is found or can be downloaded, else
            `drawn`. Damaged files, and a named folder without any of the files, are errors.

    Returns:
        The data set's name, and the error where `auto` fell back to `drawn`.

    Raises:
        InputError: No data set has that name.
        DataError: Files exist, but are unreadable or damaged, or the named folder holds none.
    """
    if name != "auto":
        return _checked(name), None
    try:
        IDX_FILES["fashion-mnist"].fetch()
    except AbsentDataError as error:
        return "drawn", error
    return "fashion-mnist", None


def _published(name: DatasetName) -> IdxFiles | CifarFiles:
    return CIFAR_10 if name == CIFAR_10.name else IDX_FILES[name]


def _checked(name: str) -> DatasetName:
    description_of(name)
    return name
