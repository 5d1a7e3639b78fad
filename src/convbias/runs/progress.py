"""Progress of the runs of a sweep, passed from their processes to the parent through files."""

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

NOTES_PREFIX = "progress-"  # followed by the process identifier of the sweep


class Progress(Description, frozen=True):
    """Progress of one run.

    Args:
        key: The run's key.
        seed: The run's seed.
        epoch: Number of finished epochs.
        epochs: Number of all epochs.
        latest: Record of the latest epoch; None before the first has ended.
        images_per_second: Training images per second in the latest epoch.
    """

    key: str
    seed: int
    epoch: int
    epochs: int
    latest: Epoch | None = None
    images_per_second: float = 0.0


def report_progress(folder: Path, progress: Progress) -> None:
    """Write a progress file, one per run and epoch, for `watch`."""
    path = folder / f"{progress.key}-epoch{progress.epoch:04}.json"
    write_atomically(path, lambda file: file.write_text(progress.model_dump_json()))


@contextlib.contextmanager
def watch(folder: Path, on_progress: Callable[[Progress], None] | None) -> Iterator[None]:
    """Report new progress files from another thread; remove the folder at the end.

    Args:
        folder: Receives the progress files.
        on_progress: Called once per file, in the order of a run's epochs.
    """
    stop = threading.Event()

    def look() -> None:
        # Names that start with a dot belong to files that are still being written.
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
    """Remove a folder of progress files, as far as possible."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()
