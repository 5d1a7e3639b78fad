"""A path to a person's images in, a data set out, which any process can then load by its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from convbias.data.dataset import Dataset
from convbias.data.own import cache
from convbias.data.own.arrays import fit_arrays, idx_files, read_idx, read_npz
from convbias.data.own.folders import ListedFile, list_images, listed, read_folder
from convbias.data.own.parquet import parquet_files, read_parquet
from convbias.data.own.pictures import decode_all
from convbias.data.own.sources import Encoded, Part, ReadingOptions, Source, Squares
from convbias.data.splits import chosen_once
from convbias.errors import DataError
from convbias.spec.datasets import DatasetDescription
from convbias.spec.streams import Stream

# Goes up when the same files and options give other arrays than before.
READING_VERSION = 1

ONE_IN_TEST = 10  # is set aside for the test, where the source has none
ONE_IN_VALIDATION = 10  # is held out of the training images, anew for each seed
FEWEST_TRAINING = 10  # images, so that one of them can be held out
LONGEST_TITLE = 60  # characters

SOURCES_IN_WORDS = (
    "a folder with a subfolder of images for each class, a folder of four IDX files, a .npz file,"
    " or a .parquet file or a folder of them"
)


def read_images(path: str | Path, side: int | None = None) -> Dataset:
    """Read your own images, once; later they are found in the user's cache.

    Args:
        path: A folder with a subfolder of images per class, four IDX files in a folder, a `.npz`
            file, or Parquet files.
        side: Pixels per side to which they are brought, a multiple of 4 from 8 to 96; None: by
            their sizes.

    Returns:
        The data set, with uint8 images (n, side, side, channels).

    Raises:
        InputError: There is nothing at the path that can be read, or not enough memory.
        DataError: What is there is damaged, or is not labelled images.
        StorageError: The cache is not writable or the disk is full.

    Source:
        The rules: docs/your-images.md of the repository.

    Example:
        >>> read_images("no_such_folder")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        convbias.errors.DataError: there is no no_such_folder
          expected: a folder with a subfolder of images for each class, ...
          fix:      check the path after --data
    """
    return read_own(Path(path), ReadingOptions(side))


def read_own(path: Path, options: ReadingOptions = ReadingOptions()) -> Dataset:  # noqa: B008 - immutable
    """Read a person's images and keep them in the user's cache, or find them there.

    They are found without reading them again as long as no file's name, size and time of change and
    no option differs.

    Args:
        path: A folder with a subfolder per class, or one of four IDX files; a `.npz` file; a
            Parquet file, or a folder of them.
        options: How to read it.

    Returns:
        The data set; `convbias.data.load` loads it by its name in any process.

    Raises:
        InputError: There is nothing at the path that can be read, or not enough memory.
        DataError: What is there is damaged, or is not labelled images.
        StorageError: The cache is not writable or the disk is full.
    """
    path = path.expanduser()
    if not path.exists():
        raise DataError(f"there is no {path}", SOURCES_IN_WORDS, "check the path after --data")
    read, files = _reader(path, options)
    title = _title(path)
    key = _key(title, files, options)
    found = cache.find(key)
    if found is not None:
        return found
    source = _limited(read(), options.most_images)
    squares = _squares(source, options)
    train, test = _indices(source, squares, path)
    labels = _labels(source)
    arrays = {
        "train_images": _rows(squares.images, train),
        "train_labels": labels[train],
        "test_images": _rows(squares.images, test),
        "test_labels": labels[test],
    }
    checksum = cache.content_checksum(arrays, source.class_names)
    name = cache.name_of(title, checksum)
    reading = cache.Reading(
        key=key,
        checksum=checksum,
        path=_printable(str(path.resolve())),
        changes=dict(squares.changes),
        skipped=_skipped(source, squares),
        remarks=source.remarks,
    )
    names = _names(source)
    names_of_parts = [names[index] for index in train], [names[index] for index in test]
    cache.keep(name, _description(title, source, arrays), reading, arrays, names_of_parts)
    return cache.open_own(name)


def _rows(images: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Some of the images; not copied where they are next to each other."""
    first, end = int(indices[0]), int(indices[-1]) + 1
    return images[first:end] if end - first == len(indices) else images[indices]


def _reader(
    path: Path, options: ReadingOptions
) -> tuple[Callable[[], Source], Sequence[ListedFile]]:
    """What reads a path, and the files by whose names, sizes and times it is recognised."""
    if path.is_file() and path.suffix == ".npz":
        return lambda: read_npz(path), [listed(path)]
    parquet = parquet_files(path)
    if parquet:
        return lambda: read_parquet(parquet), [listed(each) for each in parquet]
    if not path.is_dir():
        raise DataError(
            f"{path} is a file of an unknown kind", SOURCES_IN_WORDS, "name one of these"
        )
    idx = idx_files(path)
    if idx:
        return lambda: read_idx(idx), [listed(each) for each in idx]
    listing = list_images(path, follow_links=options.follow_links)
    return lambda: read_folder(path, listing, options), listing.files


def _key(title: str, files: Sequence[ListedFile], options: ReadingOptions) -> str:
    digest = hashlib.sha256(repr((READING_VERSION, title, options)).encode())
    for file in files:
        digest.update(os.fsencode(file.name))
        digest.update(f"\0{file.size} {file.modified}\0".encode())
    return digest.hexdigest()


def _limited(source: Source, most: int | None) -> Source:
    """At most so many images of a source, training and test images in their proportion."""
    tested = 0 if source.test is None else len(source.test)
    count = len(source.train) + tested
    if most is None or count <= most:
        return source
    for_test = most * tested // count
    train = _sampled(source.train, most - for_test)
    test = None if source.test is None else _sampled(source.test, max(1, for_test))
    remark = f"{most:,} of {count:,} images were drawn at random, the classes in proportion"
    return Source(source.class_names, train, test, (*source.remarks, remark))


def _sampled(part: Part, count: int) -> Part:
    return part.at(chosen_once(part.labels, count, Stream.OWN_IMAGES))


def _squares(source: Source, options: ReadingOptions) -> Squares:
    """All training images, then all test images, of one size."""
    parts = [source.train] if source.test is None else [source.train, source.test]
    arrays = [part.images for part in parts if isinstance(part.images, np.ndarray)]
    if arrays:
        return fit_arrays(np.concatenate(arrays), options.side)
    files = [file for part in parts for file in part.images]
    return decode_all(files, options.side, skip_damaged=options.skip_damaged)


def _labels(source: Source) -> np.ndarray:
    if source.test is None:
        return source.train.labels
    return np.concatenate([source.train.labels, source.test.labels])


def _indices(source: Source, squares: Squares, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The undamaged images to train on, and those of the test, which are set aside if need be."""
    labels = _labels(source)
    whole = np.setdiff1d(np.arange(len(labels)), list(squares.damaged))
    if source.test is None:
        aside = chosen_once(labels[whole], max(1, len(whole) // ONE_IN_TEST), Stream.OWN_TEST)
        train, test = np.delete(whole, aside), whole[aside]
    else:
        train, test = whole[whole < len(source.train)], whole[whole >= len(source.train)]
    absent = sorted(set(range(len(source.class_names))) - set(labels[train].tolist()))
    if len(train) < FEWEST_TRAINING or len(test) == 0 or absent:
        lacking = f", none of them of the class {source.class_names[absent[0]]!r}" if absent else ""
        raise DataError(
            f"{path} gives {len(train):,} training images{lacking}, and {len(test):,} test images",
            f"at least {FEWEST_TRAINING} training images, of every class at least one, and one test"
            " image",
            "add images, or read more of them (--most-images)",
        )
    return train, test


def _names(source: Source) -> list[str]:
    """What all training images, then all test images, are called."""
    parts = {"training": source.train} | ({} if source.test is None else {"test": source.test})
    return [
        _printable(image.name) if isinstance(image, Encoded) else f"{part} image {index}"
        for part, of_part in parts.items()
        for index, image in enumerate(of_part.images)
    ]


def _skipped(source: Source, squares: Squares) -> dict[str, str]:
    parts = [source.train] if source.test is None else [source.train, source.test]
    files = [file for part in parts for file in part.images if isinstance(file, Encoded)]
    return {_printable(files[index].name): why for index, why in sorted(squares.damaged.items())}


def _description(
    title: str, source: Source, arrays: Mapping[str, np.ndarray]
) -> DatasetDescription:
    count, side, _, channels = arrays["train_images"].shape
    held_out = count // ONE_IN_VALIDATION
    return DatasetDescription(
        title=title,
        kind="images",
        class_names=source.class_names,
        sizes=(count - held_out, held_out, len(arrays["test_images"])),
        side=side,
        channels=channels,
        source=f"read from {title!r} on the user's machine",
        licence="not known",
        remark=f"{title}, not Fashion-MNIST",
    )


def _title(path: Path) -> str:
    """The name of the folder or file, as sentences can show it."""
    real = path.resolve()
    name = real.name if real.is_dir() else real.stem
    return _printable(name)[:LONGEST_TITLE].strip() or "images"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
