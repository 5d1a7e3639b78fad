"""Files that hold networks, checked before a framework reads them."""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Sequence
from pathlib import Path

from convbias.errors import InputError
from convbias.spec.files import open_file

LARGEST = 4 * 1024**3  # bytes, packed and unpacked


def check_size(path: Path) -> None:
    """Refuse what is no file, cannot be read or is larger than any small network.

    Args:
        path: The file.

    Raises:
        InputError: It is empty or larger than 4 GiB.
        StorageError: It does not exist or may not be read.
    """
    with open_file(path) as file:
        file.read(1)
    size = path.stat().st_size
    if not 0 < size <= LARGEST:
        raise InputError(
            f"{path} has {size:,} bytes",
            f"a network of 1 to {LARGEST:,} bytes",
            "name another file",
        )


def check_archive(path: Path, what: str) -> list[str]:
    """Make sure that a file is a zip archive of a bounded size.

    Args:
        path: The file.
        what: What it should be, with its article.

    Returns:
        The names of its members.

    Raises:
        InputError: It is no such archive, damaged, or too large unpacked.
        StorageError: It does not exist or may not be read.
    """
    check_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InputError(
            f"{path} is not what its name says: {error}", f"{what}, which is a zip archive"
        ) from error
    size = sum(member.file_size for member in members)
    if size > LARGEST:
        raise InputError(f"{path} unpacks to {size:,} bytes", f"at most {LARGEST:,} bytes")
    return [member.filename for member in members]


def check_importable(modules: Sequence[str], what: str) -> None:
    """Make sure that a framework is installed, before it is imported.

    Args:
        modules: What is imported of it; each is its package's name, too.
        what: What needs it, with its article.

    Raises:
        InputError: It is not installed.

    Example:
        >>> check_importable(["no_such_module"], "an ONNX file")
        Traceback (most recent call last):
        convbias.errors.InputError: an ONNX file needs no_such_module, which is not installed
          expected: the framework that reads it
          fix:      pip install no_such_module
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"{what} needs {' and '.join(missing)}, which is not installed",
            "the framework that reads it",
            f"pip install {' '.join(missing)}",
        )
