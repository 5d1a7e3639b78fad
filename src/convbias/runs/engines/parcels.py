"""Units of work for machines without a common folder: files go there and come home as bytes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convbias.runs.atomic import write_atomically
from convbias.runs.compiled import cache_variables
from convbias.runs.engines.base import Report, Work
from convbias.runs.identity import Identity, check_same
from convbias.runs.machine import is_running
from convbias.spec.datasets import DatasetName

FOLDER_PREFIX = "convbias-parcel-"  # followed by the process identifier of the one that works


@dataclass(frozen=True)
class Parcel:
    """A unit of work with what it needs.

    Args:
        work: the unit.
        expected: the code at home.
        checksums: of the data at home.
        files: what the unit reads, by the name in the store.
    """

    work: Work
    expected: Identity
    checksums: Mapping[DatasetName, str]
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Outcome:
    """What became of a unit.

    Args:
        result: what its function returned.
        files: what it left, by the name in the store.
        error: what it raised.
    """

    result: Any = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    error: Exception | None = None


def packed(
    work: Work, expected: Identity, checksums: Mapping[DatasetName, str], folder: Path
) -> Parcel:
    """A unit with the files of a store that it reads."""
    files = {name: (folder / name).read_bytes() for name in work.reads}
    return Parcel(work, expected, checksums, files)


def execute_parcel(parcel: Parcel, report: Report) -> Outcome:
    """Do the work of a parcel in this process, which may be anywhere.

    Args:
        parcel: the unit with what it needs.
        report: receives its progress.
    """
    os.environ.update(cache_variables())  # this machine's; read when JAX is loaded
    try:
        check_same(parcel.expected, parcel.checksums)
        _clear_folders()
        with tempfile.TemporaryDirectory(prefix=f"{FOLDER_PREFIX}{os.getpid()}-") as name:
            folder = Path(name)
            for file, content in parcel.files.items():
                path = folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            result = parcel.work.function(folder, report, *parcel.work.arguments)
            left = {
                path.relative_to(folder).as_posix(): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file()
            }
    except Exception as error:  # noqa: BLE001 - it is raised at home
        return Outcome(error=error)
    return Outcome(result, {name: left[name] for name in left if name not in parcel.files})


def _clear_folders() -> None:
    """Remove the folders of processes that were killed, for instance for their memory."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        if not is_running(folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]):
            shutil.rmtree(folder, ignore_errors=True)


def store_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Store what a unit left: each file atomically, and a run's record after its network.

    A run that is stored already, for another command trained it as well, is kept as it is.

    Args:
        files: from an outcome.
        folder: of the store.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    with _one_at_a_time(folder):
        stored = {path.stem for path in folder.glob("*.json")}
        for name in sorted(files, key=_is_record):
            if "/" in name or Path(name).stem not in stored:
                content = files[name]
                write_atomically(folder / name, lambda file, content=content: _write(file, content))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _is_record(name: str) -> bool:
    return "/" not in name and name.endswith(".json")


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let two commands that use one store write one after the other."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    descriptor = None
    try:
        with suppress(OSError):  # what cannot be locked is written without
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
