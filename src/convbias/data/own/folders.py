"""A folder with a subfolder of image files for each class: which files there are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from convbias.data.dataset import label_dtype
from convbias.data.own.classes import check_class_names
from convbias.data.own.decoding import FORMATS_IN_WORDS, SUFFIXES
from convbias.data.own.sources import Encoded, Part, ReadingOptions, Source
from convbias.errors import DataError
from convbias.spec.files import refused
from convbias.spec.formatting import counted

TRAINING, VALIDATION, TEST = (
    ("train", "training"),
    ("val", "valid", "validation"),
    ("test", "testing"),
)
MOST_NAMED = 5


@dataclass
class ListedFile:
    """A file that was found.

    Args:
        name: Its path below the folder that was read.
        size: Bytes.
        modified: When it was changed last, in nanoseconds.
    """

    name: str
    size: int
    modified: int


@dataclass
class Listing:
    """The files of a folder.

    Args:
        files: Image files in the order of their names; the parts of a name are compared one by one.
        links: How many symbolic links were not followed.
        others: Suffix to how many files of it were found.
    """

    files: list[ListedFile] = field(default_factory=list)
    links: int = 0
    others: Counter[str] = field(default_factory=Counter)


def list_images(folder: Path, *, follow_links: bool) -> Listing:
    """Find the image files in a folder and in all folders below it; hidden ones are left out.

    Args:
        folder: Where to look.
        follow_links: Whether symbolic links to files and folders are followed.

    Raises:
        StorageError: A folder may not be read.
    """
    listing = Listing()
    _list(folder, "", listing, set() if follow_links else None)
    return listing


def _list(folder: Path, prefix: str, listing: Listing, visited: set[str] | None) -> None:
    if visited is not None:
        real = os.path.realpath(folder)
        if real in visited:  # a link that leads back
            return
        visited.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise refused(folder, error) from error
    for entry in entries:
        follow = visited is not None
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and not follow:
            listing.links += 1
        elif entry.is_dir():
            _list(Path(entry.path), f"{prefix}{entry.name}/", listing, visited)
        elif entry.is_file():
            suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - a Path is slower
            if suffix in SUFFIXES:
                status = entry.stat()
                name = f"{prefix}{entry.name}"
                listing.files.append(ListedFile(name, status.st_size, status.st_mtime_ns))
            else:
                listing.others[suffix or "no suffix"] += 1


def listed(path: Path) -> ListedFile:
    """What identifies a single file."""
    status = path.stat()
    return ListedFile(path.name, status.st_size, status.st_mtime_ns)


def read_folder(folder: Path, listing: Listing, options: ReadingOptions) -> Source:
    """Sort a folder's image files into classes, and into training and test images.

    Args:
        folder: The folder.
        listing: Its files.
        options: For messages.

    Raises:
        DataError: It has no images, fewer than two classes, a class without images, or images
            where none belong.
    """
    if not listing.files:
        raise DataError(
            f"{folder} holds no images{_left_out(listing, options)}",
            f"subfolders, one per class, with {FORMATS_IN_WORDS} files",
            "check the path after --data",
        )
    tops = _subfolders(folder, options)
    split = _split_folders(folder, tops, options)
    if not split:
        classes = check_class_names(tops, str(folder))
        every = _part(folder, {"": listing.files}, tops, listing, options)
        return Source(classes, every, None, _remarks(listing))
    by_top: dict[str, list[ListedFile]] = {}
    for file in listing.files:
        by_top.setdefault(file.name.split("/")[0], []).append(file)
    training = {name: by_top.get(name, []) for name in tops if _is(name, TRAINING, VALIDATION)}
    tested = {name: by_top.get(name, []) for name in tops if _is(name, TEST)}
    [first] = [name for name in tops if _is(name, TRAINING)]
    names = _subfolders(folder / first, options)
    classes = check_class_names(names, str(folder / first))
    train = _part(folder, training, names, listing, options)
    test = None
    if tested:
        test = _part(folder, tested, names, listing, options, complete=False)
    return Source(classes, train, test, _remarks(listing))


def _subfolders(folder: Path, options: ReadingOptions) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=options.follow_links)
        )


def _split_folders(folder: Path, tops: list[str], options: ReadingOptions) -> bool:
    """Whether the subfolders are those of a split, such as `train` and `test`, not classes.

    A class may be called `train`, too; its folder holds images, and that of a split holds classes.
    """
    training = [name for name in tops if _is(name, TRAINING)]
    if not any(_subfolders(folder / name, options) for name in training):
        return False
    strange = [name for name in tops if not _is(name, TRAINING, VALIDATION, TEST)]
    several = [[name for name in tops if _is(name, part)] for part in (TRAINING, TEST)]
    twice = [names for names in several if len(names) > 1]
    if not strange and not twice:
        return True
    raise DataError(
        f"{folder} has the subfolders {', '.join(tops[:10])}",
        "either one per class, or train and, where there are such, test and val",
        f"move {strange[0] if strange else twice[0][1]} somewhere else",
    )


def _is(name: str, *parts: tuple[str, ...]) -> bool:
    """Whether a folder's name is that of a part of a split, in capitals or not."""
    return any(name.casefold() in part for part in parts)


def _part(
    folder: Path,
    files: dict[str, list[ListedFile]],
    names: list[str],
    listing: Listing,
    options: ReadingOptions,
    *,
    complete: bool = True,
) -> Part:
    """The images of one part.

    Args:
        folder: The folder that is read.
        files: Files by the subfolder of the split that holds them; "" where there is none.
        names: The classes' folders.
        listing: For messages.
        options: For messages.
        complete: Whether every class must have images.
    """
    label_of = {name: label for label, name in enumerate(names)}
    chosen: list[tuple[int, ListedFile]] = []
    for top, of_top in files.items():
        depth = 1 if top else 0
        for file in of_top:
            parts = file.name.split("/")
            if len(parts) < depth + 2:
                where = folder / top
                raise DataError(
                    f"{folder / file.name} is in none of the class folders of {where}",
                    "all images in subfolders, one per class",
                    "move it into the folder of its class, or somewhere else",
                )
            label = label_of.get(parts[depth])
            if label is None:
                raise DataError(
                    f"{folder / top} has the class {parts[depth]!r}, which has no training images",
                    f"the classes of the training images: {', '.join(names[:10])}",
                    "add training images of that class, or remove its folder",
                )
            chosen.append((label, file))
    chosen.sort(key=lambda each: each[0])  # stable, so files stay in the order of their names
    labels = np.array([label for label, _ in chosen], dtype=label_dtype(len(names)))
    empty = sorted(set(range(len(names))) - set(labels.tolist())) if complete else []
    if empty or not chosen:
        listed = ", ".join(repr(names[label]) for label in empty[:MOST_NAMED])
        raise DataError(
            f"{folder} has no images of {counted(len(empty), 'class folder')} ({listed})"
            f"{_left_out(listing, options)}"
            if empty
            else f"{folder / next(iter(files))} holds no images{_left_out(listing, options)}",
            f"at least one {FORMATS_IN_WORDS} file in each class folder",
            "add images, or remove the empty folders",
        )
    images = [Encoded(file.name, f"{folder}/{file.name}") for _, file in chosen]
    return Part(images, labels)


def _remarks(listing: Listing) -> tuple[str, ...]:
    return tuple(_sentences(listing))


def _sentences(listing: Listing) -> Iterator[str]:
    if listing.links:
        yield f"{counted(listing.links, 'symbolic link')} not followed"
    if listing.others:
        suffixes = ", ".join(
            f"{number:,} x {suffix}" for suffix, number in listing.others.most_common(MOST_NAMED)
        )
        yield f"{counted(listing.others.total(), 'file')} of other kinds left out: {suffixes}"


def _left_out(listing: Listing, options: ReadingOptions) -> str:
    found = "; ".join(_sentences(listing))
    if listing.links and not options.follow_links:
        found += " (--follow-links follows links)"
    return f": {found}" if found else ""
