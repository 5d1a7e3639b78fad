"""Find, download, verify and read the four published files of Fashion-MNIST.

They are searched for in the folder that CONVBIAS_DATA names, else in the user's cache, and are
downloaded into the cache if missing there. Every file is verified before it is used, and no
existing file is ever replaced: a damaged file is an error that names it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import platformdirs

from convbias.data.download import download
from convbias.data.idx import read_compressed
from convbias.errors import AbsentDataError, DataError, StorageError
from convbias.spec.files import read_file

FOLDER_NAME = "fashion-mnist"

# The bucket behind the dataset's own site, then the authors' repository.
ADDRESSES = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


@dataclass(frozen=True)
class PublishedFile:
    """What identifies one of the published files.

    Args:
        sha256: SHA-256 of the compressed file, in hexadecimal digits.
        size: Bytes.
    """

    sha256: str
    size: int


# In the order in which `read` returns their arrays.
FILES = {
    "train-images-idx3-ubyte.gz": PublishedFile(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880
    ),
    "train-labels-idx1-ubyte.gz": PublishedFile(
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515
    ),
    "t10k-images-idx3-ubyte.gz": PublishedFile(
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102
    ),
    "t10k-labels-idx1-ubyte.gz": PublishedFile(
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148
    ),
}


@dataclass(frozen=True)
class FileReport:
    """How one file compares with the published one.

    Args:
        path: The file's path.
        published: Size and checksum of the published file.
        status: The result; a file is damaged if its checksum differs.
        sha256: Its checksum, None where it could not be read.
        size: Its size in bytes, None where it could not be read.
        reason: Why an unreadable file could not be read.
    """

    path: Path
    published: PublishedFile
    status: Literal["verified", "missing", "unreadable", "damaged"]
    sha256: str | None = None
    size: int | None = None
    reason: str | None = None


def cache_folder() -> Path:
    """The folder that downloads go to."""
    return Path(platformdirs.user_cache_dir("convbias")) / FOLDER_NAME


def folder_without_download(folder: Path | None = None) -> Path:
    """The folder in which the files are expected.

    Args:
        folder: A folder that holds the files, or whose `fashion-mnist` does. By default the one
            that CONVBIAS_DATA names; where that is not set, the cache.

    Returns:
        The folder; it exists, unless it is the cache.

    Raises:
        DataError: `folder` or CONVBIAS_DATA names something that holds none of the files.
    """
    named_by = "the folder given"
    if folder is None:
        variable = os.environ.get("CONVBIAS_DATA")
        if not variable:
            return cache_folder()
        named_by = "CONVBIAS_DATA"
        folder = Path(variable).expanduser()
    for candidate in (folder, folder / FOLDER_NAME):
        if any((candidate / file).exists() for file in FILES):
            return candidate
    problem = "holds none of the files of Fashion-MNIST" if folder.is_dir() else "is not a folder"
    raise DataError(
        f"{folder} {problem} (named by {named_by})",
        f"{', '.join(FILES)}, there or in its sub-folder {FOLDER_NAME}",
        "correct the path, or unset CONVBIAS_DATA to have the files downloaded into the cache",
    )


def verify(folder: Path | None = None) -> list[FileReport]:
    """Compare each file with the published one; downloads nothing.

    Args:
        folder: As for `folder_without_download`.

    Returns:
        One report per published file.

    Raises:
        DataError: `folder` or CONVBIAS_DATA names something that holds none of the files.
    """
    folder = folder_without_download(folder)
    return [_read_file(folder / name)[0] for name in FILES]


def fetch(folder: Path | None = None) -> Path:
    """Verify that all files exist and are undamaged; download those that the cache lacks.

    Args:
        folder: As for `folder_without_download`; only the cache is ever downloaded into.

    Returns:
        The folder that holds the four files.

    Raises:
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    folder = _folder_with_download(folder)
    for report in verify(folder):
        _raise_unless_verified(report)
    return folder


def read(folder: Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read and verify the data set; download the files that the cache lacks.

    Args:
        folder: As for `folder_without_download`; only the cache is ever downloaded into.

    Returns:
        Training images uint8 (60000, 28, 28), training labels uint8 (60000,), test images uint8
        (10000, 28, 28) and test labels uint8 (10000,).

    Raises:
        DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
    """
    folder = _folder_with_download(folder)
    train_images, train_labels, test_images, test_labels = (
        _read_array(folder / name) for name in FILES
    )
    return train_images, train_labels, test_images, test_labels


def _read_array(path: Path) -> np.ndarray:
    report, content = _read_file(path)
    _raise_unless_verified(report)
    return read_compressed(content, str(path))


def _read_file(path: Path) -> tuple[FileReport, bytes]:
    published = FILES[path.name]
    if not path.exists():
        return FileReport(path, published, "missing"), b""
    try:
        content = read_file(path)
    except StorageError as error:
        return FileReport(path, published, "unreadable", reason=error.what), b""
    sha256 = hashlib.sha256(content).hexdigest()
    status = "verified" if sha256 == published.sha256 else "damaged"
    return FileReport(path, published, status, sha256, len(content)), content


def _raise_unless_verified(report: FileReport) -> None:
    if report.status == "verified":
        return
    found = {
        "missing": f"{report.path} is missing",
        "unreadable": report.reason or "",
        "damaged": f"{report.path} is not the published file: {report.size} bytes,"
        f" SHA-256 {report.sha256}",
    }[report.status]
    if report.path.parent == cache_folder() and report.status != "unreadable":
        fix = "delete the file, then run `convbias data fetch`"
    elif report.status == "unreadable":
        fix = "check its permissions"
    else:
        fix = (
            "copy the file there again, or unset CONVBIAS_DATA to have the files downloaded into"
            " the cache; convbias never replaces files there"
        )
    published = report.published
    raise DataError(found, f"{published.size} bytes, SHA-256 {published.sha256}", fix)


def _folder_with_download(folder: Path | None) -> Path:
    folder = folder_without_download(folder)
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing and folder == cache_folder():
        failures = download(folder, {name: FILES[name].sha256 for name in missing}, ADDRESSES)
        if failures:
            raise AbsentDataError(
                "Fashion-MNIST was not found and could not be downloaded; searched CONVBIAS_DATA"
                f" (not set), the cache {folder} (lacks {', '.join(missing)}), and"
                f" {' and '.join(failures)}",
                "the four published files in one of these places",
                "connect to the network, set CONVBIAS_DATA to a folder that holds the files, or"
                " use the generated data set with --dataset drawn",
            )
    return folder
