"""What benchmarks store, and how they read it back."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from convbias.errors import InputError
from convbias.runs.atomic import write_atomically
from convbias.spec.description import Described, Description


def read_stored(kind: type[Described], path: Path, command: str) -> Described:
    """One stored record.

    Args:
        kind: The record's class.
        path: Its file.
        command: What measures it anew.

    Raises:
        InputError: It is missing or damaged.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            f"what `{command}` has stored",
            f"remove it if it is there, and run `{command}`",
        ) from error


def write_stored(record: Description, path: Path) -> None:
    """Store a record as JSON that a person can read.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    text = record.model_dump_json(indent=1) + "\n"
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))
