"""Write files atomically."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from convbias.errors import StorageError

OTHER_FOLDER = "choose another folder with --runs or --out"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a temporary file in the target's folder, then rename it.

    Args:
        path: The final path; an existing file is replaced in one step.
        write: Writes the content to the temporary path, which has the same suffix.

    Raises:
        StorageError: The folder is not writable or the disk is full; nothing is left behind.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix
        )
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        # mkstemp makes a private file; results are as readable as their folder.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"could not write {path}: {error.strerror or error}",
            "a writable folder with free space",
            f"{OTHER_FOLDER}, or free some space; what was stored before is unchanged",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_writable(folder: Path, fix: str = OTHER_FOLDER) -> None:
    """Check that files can be written to a folder, before their contents are computed.

    Args:
        folder: created when missing.
        fix: what the user can do otherwise.

    Raises:
        StorageError: The folder cannot be created or written to.
    """
    check_folder(folder, fix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written to: {error.strerror or error}",
            "a writable folder",
            fix,
        ) from error


def check_folder(folder: Path, fix: str = OTHER_FOLDER) -> None:
    """Check that a path is a folder, or may become one: nothing is created.

    Args:
        folder: the path.
        fix: what the user can do otherwise.

    Raises:
        StorageError: A file, or a link to what does not exist, is in its place or above it.
    """
    for path in (folder, *folder.parents):
        if path.is_symlink() and not path.exists():
            target = path.readlink()
            raise StorageError(
                f"{path} is a link to {target}, which does not exist",
                "a folder",
                f"create {target}, or {fix}",
            )
        if path.exists() and not path.is_dir():
            raise StorageError(f"{path} is a file", "a folder", fix)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
