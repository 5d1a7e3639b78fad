"""Read back what a benchmark has stored."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from convbias.config import Described
from convbias.errors import InputError


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
