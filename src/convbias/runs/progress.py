"""Where every run of a sweep stands, passed from its process to the parent through small files."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from convbias.networks.scores import Epoch
from convbias.runs.atomic import write_atomically
from convbias.spec.description import Description

SECONDS_BETWEEN_LOOKS = 0.25


class Progress(Description, frozen=True):
    """Where one run stands.

    Args:
        key: The run's name in the store.
        model_name: Its model.
        seed: Its seed.
        epoch: Finished epochs.
        epochs: Epochs in all.
        latest: The latest epoch's record, None before the first has ended.
        images_per_second: Training images per second in the latest epoch.
    """

    key: str
    model_name: str
    seed: int
    epoch: int
    epochs: int
    latest: Epoch | None = None
    images_per_second: float = 0.0


def report_progress(folder: Path, progress: Progress) -> None:
    """Leave a note for whoever watches the folder; no epoch's note replaces another's."""
    path = folder / f"{progress.key}-epoch{progress.epoch:04}.json"
    write_atomically(path, lambda file: file.write_text(progress.model_dump_json()))


@contextlib.contextmanager
def watch(folder: Path, on_progress: Callable[[Progress], None] | None) -> Iterator[None]:
    """Call back, from another thread, whenever a run has left a new note; clean up at the end.

    Args:
        folder: Where the runs' processes leave their notes.
        on_progress: Called once per note, in the order of a run's epochs.
    """
    stop = threading.Event()

    def look() -> None:
        # Names that start with a dot are of notes that are still being written.
        for path in sorted(folder.glob("[!.]*.json")):
            with contextlib.suppress(OSError, ValidationError):
                progress = Progress.model_validate_json(path.read_text())
                path.unlink()
                if on_progress is not None:
                    on_progress(progress)

    def loop() -> None:
        while not stop.wait(SECONDS_BETWEEN_LOOKS):
            look()

    thread = threading.Thread(target=loop, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        look()
        remove_notes(folder)


def remove_notes(folder: Path) -> None:
    """Remove a folder of notes, as far as that is possible."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()
