"""Names of classes, and labels that number them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from convbias.data.dataset import label_dtype
from convbias.errors import DataError
from convbias.spec.datasets import MOST_CLASSES

LONGEST_NAME = 100  # characters

# Controls, invisible characters that change the direction of writing, halves of characters (bytes
# that are no text), and the ends of lines and paragraphs.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def check_class_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Check that names can be printed and tell classes apart.

    Args:
        names: One per class.
        where: What an error calls their origin.

    Returns:
        The names, in Unicode's composed form.

    Raises:
        DataError: There are too few or too many, two are equal, or one is unfit to be printed.

    Example:
        >>> check_class_names(["cat", "dog"], "example")
        ('cat', 'dog')
    """
    if not 2 <= len(names) <= MOST_CLASSES:
        found = f": {names[0]!r}" if len(names) == 1 else ""
        raise DataError(
            f"{where} has {_classes(len(names))}{found}",
            f"from 2 to {MOST_CLASSES:,} classes",
            "a folder of images has a subfolder for each class; see docs/your-images.md",
        )
    composed = tuple(unicodedata.normalize("NFC", name) for name in names)
    for name in composed:
        if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
            problem = "has characters that cannot be printed"
        elif not name.strip():
            problem = "is empty"
        elif len(name) > LONGEST_NAME:
            problem = f"has {len(name)} characters"
        else:
            continue
        raise DataError(
            f"{where}: the class name {name[:LONGEST_NAME]!r} {problem}",
            f"from 1 to {LONGEST_NAME} printable characters, without a line break",
            "rename the class",
        )
    if len(set(composed)) < len(composed):
        twice = next(name for name in composed if composed.count(name) > 1)
        raise DataError(
            f"{where}: two classes are called {twice!r}", "different names", "rename one of them"
        )
    return composed


def _classes(count: int) -> str:
    return {0: "no class", 1: "one class"}.get(count, f"{count:,} classes")


def number_labels(
    train: np.ndarray, test: np.ndarray | None, where: str
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray | None]:
    """Number the classes in the order of the labels, which may be any whole numbers or texts.

    Args:
        train: Labels of the training images, integers or texts (n,) or (n, 1).
        test: As `train`, of the test images; None where there are none.
        where: What an error calls their origin.

    Returns:
        The classes' names, which are the labels as text, and the labels from 0, unsigned (n,).

    Raises:
        DataError: The labels are something else, or a test label does not occur in training.

    Example:
        >>> number_labels(np.array([5, 1, 5]), np.array([1]), "example")
        (('1', '5'), array([1, 0, 1], dtype=uint8), array([0], dtype=uint8))
    """
    train = _as_column(train, where)
    values, labels = np.unique(train, return_inverse=True)
    names = check_class_names([str(value) for value in values], where)
    dtype = label_dtype(len(names))
    if test is None:
        return names, labels.astype(dtype), None
    test = _as_column(test, where)
    if test.dtype.kind != train.dtype.kind and "U" in (test.dtype.kind, train.dtype.kind):
        strange = test[:1]
    else:
        strange = np.setdiff1d(test, values)
    if len(strange):
        raise DataError(
            f"{where}: the test label {strange[0]!s} is not a label of any training image",
            "classes that can be learnt: each test label among the training labels",
            "leave those images out, or add training images of their class",
        )
    return names, labels.astype(dtype), np.searchsorted(values, test).astype(dtype)


def _as_column(labels: np.ndarray, where: str) -> np.ndarray:
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim == 1 and flat.dtype.kind in "iuU":
        return flat
    one_hot = "; the labels look one-hot encoded" if labels.ndim == 2 else ""
    raise DataError(
        f"{where}: labels are {labels.dtype} {labels.shape}{one_hot}",
        "whole numbers or texts (n,), one per image",
        "for one-hot labels take `labels.argmax(axis=1)`",
    )
