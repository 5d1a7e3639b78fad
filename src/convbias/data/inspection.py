"""What to look at in a data set before a result on it is trusted: duplicates, classes, borders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter, ValidationError

from convbias.data.border import border_tells_class
from convbias.data.dataset import Dataset
from convbias.data.duplicates import SAME_FROM, Pairs, equal_images, similar_images
from convbias.data.own.cache import image_names, reading_of
from convbias.errors import StorageError
from convbias.spec.datasets import OWN_NAME, own_folder
from convbias.spec.files import read_file
from convbias.spec.formatting import counted, percent

MOST_NAMED = 5
INSPECTION_VERSION = 1  # goes up when the same images give other findings
IMBALANCED_FROM = 2.0  # times as many images in the largest class as in the smallest


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Args:
        check: What was looked for.
        found: Whether it was found, so that somebody should look.
        text: What was found, with counts.
        examples: The first images or classes that it concerns.
    """

    check: str
    found: bool
    text: str
    examples: tuple[str, ...] = ()


_FINDINGS = TypeAdapter(tuple[Finding, ...])


def inspect(dataset: Dataset) -> tuple[Finding, ...]:
    """Check a data set; seconds for 60,000 images.

    Args:
        dataset: Any data set.

    Returns:
        One finding per check, in a fixed order.
    """
    return (
        *_damaged(dataset),
        *_duplicates(dataset),
        *_classes(dataset),
        _border(dataset),
    )


def inspect_own(dataset: Dataset) -> tuple[Finding, ...]:
    """Check a person's own images once: what was found is kept beside them in the cache.

    Args:
        dataset: A data set that `convbias.data.own` has read.
    """
    path = own_folder(dataset.name) / f"inspection-{INSPECTION_VERSION}.json"
    with suppress(StorageError, ValidationError):
        return _FINDINGS.validate_json(read_file(path))
    found = inspect(dataset)
    with suppress(OSError):  # the next report computes them again
        path.write_bytes(_FINDINGS.dump_json(found))
    return found


def _damaged(dataset: Dataset) -> Iterator[Finding]:
    if not OWN_NAME.fullmatch(dataset.name):
        return
    with suppress(StorageError, ValueError):
        skipped = tuple(reading_of(dataset.name).skipped)
        text = f"{counted(len(skipped), 'file')} left out"
        yield Finding("damaged files", bool(skipped), text, skipped[:MOST_NAMED])


def _duplicates(dataset: Dataset) -> Iterator[Finding]:
    train_names, test_names = image_names(dataset)
    names = [*train_names, *test_names]
    images = np.concatenate([dataset.train_images, dataset.test_images])
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    equal = equal_images(images)
    known = set(map(tuple, equal.tolist()))
    similar = np.array(
        [pair for pair in similar_images(images).tolist() if tuple(pair) not in known],
        dtype=np.int64,
    ).reshape(-1, 2)
    for kind, pairs in (("equal images", equal), (_SIMILAR, similar)):
        tested = pairs >= len(train_names)
        for where, chosen in (
            ("in training and test", tested[:, 0] != tested[:, 1]),
            ("in training", ~tested.any(axis=1)),
            ("in the test", tested.all(axis=1)),
        ):
            yield _pairs_found(f"{kind} {where}", pairs[chosen], names, labels)


_SIMILAR = f"images that correlate by {SAME_FROM:g} or more"


def _pairs_found(check: str, pairs: Pairs, names: Sequence[str], labels: np.ndarray) -> Finding:
    concerned = len(np.unique(pairs))
    differing = int(np.count_nonzero(labels[pairs[:, 0]] != labels[pairs[:, 1]]))
    text = f"{counted(len(pairs), 'pair')} of {counted(concerned, 'image')}"
    if len(pairs):
        text += f", {differing:,} of them of different classes"
    shown = tuple(f"{names[one]} = {names[other]}" for one, other in pairs[:MOST_NAMED].tolist())
    return Finding(check, len(pairs) > 0, text, shown)


def _classes(dataset: Dataset) -> Iterator[Finding]:
    classes = len(dataset.class_names)
    train, test = (
        np.bincount(labels, minlength=classes)
        for labels in (dataset.train_labels, dataset.test_labels)
    )
    for check, concerned in (
        ("classes with one training image", train == 1),
        ("classes without test images", test == 0),
    ):
        named = tuple(dataset.class_names[label] for label in np.flatnonzero(concerned))
        text = f"{len(named):,} of {classes:,} classes"
        yield Finding(check, bool(named), text, named[:MOST_NAMED])
    largest, smallest = int(train.argmax()), int(train.argmin())
    text = (
        f"{train[smallest]:,} to {train[largest]:,} training images per class; always answering"
        f" {dataset.class_names[largest]!r} is right for"
        f" {percent(test[largest] / test.sum(), 1)} of the test images"
    )
    uneven = bool(train[largest] >= IMBALANCED_FROM * train[smallest])
    ends = (dataset.class_names[smallest], dataset.class_names[largest]) if uneven else ()
    yield Finding("classes of different sizes", uneven, text, ends)


def _border(dataset: Dataset) -> Finding:
    told = border_tells_class(dataset.train_images, dataset.train_labels)
    text = (
        f"the outermost pixels alone give the class of {percent(told.accuracy, 1)}"
        f" [{percent(told.low, 1)} to {percent(told.high, 1)}] of {told.images:,} training images;"
        f" the most frequent class is that of {percent(told.chance, 1)}"
    )
    return Finding("a border that tells the class", told.low > told.chance, text)
