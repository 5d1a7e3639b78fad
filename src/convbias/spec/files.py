"""Open files, telling what the system refuses from what a file holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from convbias.errors import StorageError


@contextmanager
def open_file(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading, as a context.

    Args:
        path: The file. Nothing else is opened, because a named pipe may keep its reader waiting
            for ever.

    Raises:
        StorageError: It does not exist, is no file, or the system does not let it be read.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise StorageError(f"{path} is not a file", "a file", "check the path")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        if error.errno is None:  # a decoder's error about the content
            raise
        raise refused(path, error) from error


def read_file(path: Path) -> bytes:
    """Read a whole file.

    Args:
        path: As for `open_file`.

    Raises:
        StorageError: As for `open_file`.
    """
    with open_file(path) as file:
        return file.read()


def refused(path: Path, error: OSError) -> StorageError:
    """The error for a file or folder that the system does not let be read.

    Args:
        path: The file or folder.
        error: What the system raised.
    """
    return StorageError(
        f"{path} cannot be read: {error.strerror or error}",
        "a file or folder that may be read",
        "check the path and its permissions",
    )
