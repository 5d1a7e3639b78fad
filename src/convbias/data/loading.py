"""Load a data set by its name, downloading and verifying its files where needed."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np

from convbias.data import fashion_mnist
from convbias.data.dataset import Dataset
from convbias.data.drawn import drawn
from convbias.errors import AbsentDataError, DataError, InputError, did_you_mean
from convbias.spec.datasets import DatasetName


def load(name: DatasetName, folder: Path | None = None) -> Dataset:
    """Load a data set.

    Fashion-MNIST (H. Xiao, K. Rasul and R. Vollgraf, 2017) has 60,000 images for training and
    10,000 for the test. It is looked for in the folder that CONVBIAS_DATA names, else in the
    user's cache, else it is downloaded into that cache; its files' checksums are verified each
    time. `drawn` is generated: 6,000 and 1,000 images.

    Args:
        name: Which data set.
        folder: Where the files of Fashion-MNIST lie, instead of CONVBIAS_DATA.

    Returns:
        The data set.

    Raises:
        InputError: No data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    if _known(name) == "drawn":
        return Dataset("drawn", *drawn())
    train_images, train_labels, test_images, test_labels = fashion_mnist.read(folder)
    return Dataset(
        "fashion-mnist",
        train_images[..., np.newaxis],
        train_labels,
        test_images[..., np.newaxis],
        test_labels,
    )


def fetch(name: DatasetName) -> Path:
    """Make sure that a data set's files are there and undamaged, downloading what is missing.

    Args:
        name: Which data set.

    Returns:
        The folder that holds the files.

    Raises:
        InputError: The data set has no files, or no data set has that name.
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    if _known(name) == "drawn":
        raise InputError(
            "the data set 'drawn' has no files: it is generated",
            "a data set that is downloaded: fashion-mnist",
            "use --dataset drawn as it is; there is nothing to fetch",
        )
    return fashion_mnist.fetch()


def resolve(name: str) -> tuple[DatasetName, DataError | None]:
    """Turn what a user wrote for a data set into its name.

    Args:
        name: A data set, or `auto`: Fashion-MNIST where it is found or can be downloaded, else
            `drawn`. Files that are damaged, and a named folder without any, are an error.

    Returns:
        The data set's name, and why it is not Fashion-MNIST where `auto` had to give way.

    Raises:
        InputError: No data set has that name.
        DataError: Files are there, but unreadable or damaged, or the named folder holds none.
    """
    if name != "auto":
        return _known(name), None
    try:
        fashion_mnist.fetch()
    except AbsentDataError as error:
        return "drawn", error
    return "fashion-mnist", None


def _known(name: str) -> DatasetName:
    for known in get_args(DatasetName):
        if name == known:
            return known
    raise InputError(
        f"there is no data set {name!r}",
        "the name of a data set",
        did_you_mean(name, ("auto", *get_args(DatasetName))),
    )
