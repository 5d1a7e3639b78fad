"""Remove what killed commands have left in a store, and tell them from those that still run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from convbias.runs.engines.abandoned import JOBS_PREFIX, end_abandoned
from convbias.runs.machine import is_running
from convbias.runs.progress import NOTES_PREFIX, remove_notes

UNFINISHED_FILE = re.compile(r"\.[0-9a-f]{12}-seed\d+-\w{8}\.(json|keras)")
UNFINISHED_BELOW = re.compile(r"\..+-\w{8}\.json")  # in folders of which all files are the store's


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Keep other commands from removing what this one has not finished writing.

    What its own processes left when they were killed is removed at the end.

    Args:
        folder: The store's folder.
    """
    mark = folder / f"{NOTES_PREFIX}{os.getpid()}"
    with suppress(OSError):  # a folder that cannot be written to is told where it is written to
        mark.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        remove_notes(mark)
        clear_leftovers(folder)


def clear_leftovers(folder: Path) -> None:
    """End the jobs of killed commands, and remove their progress files and incomplete files.

    Args:
        folder: The store's folder. While another command uses it, incomplete files are left.
    """
    # Before it is known which commands run: one that begins later has nothing to lose among them.
    incomplete = [
        *(path for path in folder.glob(".*") if UNFINISHED_FILE.fullmatch(path.name)),
        *(path for path in folder.glob("*/.*") if _is_below(path, folder)),
    ]
    alone = True
    for jobs in folder.glob(f"{JOBS_PREFIX}*"):
        if is_running(jobs.name.removeprefix(JOBS_PREFIX)) or not end_abandoned(jobs):
            alone = False
    for notes in folder.glob(f"{NOTES_PREFIX}*"):
        if is_running(notes.name.removeprefix(NOTES_PREFIX)):
            alone = False
        else:
            remove_notes(notes)
    for path in incomplete if alone else ():
        with suppress(OSError):  # in a folder that is only read, they stay
            path.unlink()


def _is_below(path: Path, folder: Path) -> bool:
    belongs = path.parent in {folder / name for name in ("datasets", "measurements")}
    return belongs and UNFINISHED_BELOW.fullmatch(path.name) is not None
