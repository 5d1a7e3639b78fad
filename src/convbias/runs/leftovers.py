"""Remove what killed commands have left in a store."""

from __future__ import annotations

import re
from pathlib import Path

from convbias.runs.machine import is_running
from convbias.runs.progress import NOTES_PREFIX, remove_notes

UNFINISHED_FILE = re.compile(r"\.[0-9a-f]{12}-seed\d+-\w{8}\.(json|keras)")


def clear_leftovers(folder: Path) -> None:
    """Remove progress files and incomplete files of killed sweeps.

    Args:
        folder: The store's folder. While another sweep uses it, only progress files are removed.
    """
    alone = True
    for notes in folder.glob(f"{NOTES_PREFIX}*"):
        if is_running(notes.name.removeprefix(NOTES_PREFIX)):
            alone = False
        else:
            remove_notes(notes)
    for path in folder.glob(".*") if alone else ():
        if UNFINISHED_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)
