"""Download files with checksums and retries, from the first address that serves them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pooch
import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from convbias.errors import DataError

ANSWER_SECONDS = 4.0
SILENCE_SECONDS = 10.0
RETRIES = 2


def download(
    folder: Path, checksums: Mapping[str, str], addresses: Sequence[str]
) -> tuple[str, ...]:
    """Download files into a folder, trying one address after the other.

    Every file is written under a temporary name and verified before it is renamed, so neither a
    killed process nor two processes at once leave an incomplete file. A transfer that breaks off or
    arrives damaged is repeated twice before the next address is tried.

    Args:
        folder: Target folder; created if it is missing.
        checksums: File name to SHA-256 in hexadecimal digits.
        addresses: Base addresses, each ending in a slash; the file name is appended.

    Returns:
        An empty tuple if all files arrived, else one error message per address.

    Raises:
        DataError: The folder is not writable or the disk is full.
    """
    pooch.get_logger().setLevel("WARNING")  # the progress bar and the errors are enough
    failures = []
    for address in addresses:
        try:
            _check_that_the_server_answers(address)
            _download_from(address, folder, checksums)
        except (requests.exceptions.RequestException, ValueError) as error:
            # pooch raises ValueError where a checksum differs.
            failures.append(f"{address} ({reason(error)})")
        except OSError as error:
            raise DataError(
                f"the download could not be stored in {folder}: {error.strerror or error}",
                "a writable folder with enough free space",
                "make room there, or set CONVBIAS_DATA to a folder that holds the files",
            ) from error
        else:
            return ()
    return tuple(failures)


def reason(error: Exception) -> str:
    """The reason of a failed download in one line.

    Args:
        error: an exception of requests.
    """
    if isinstance(error, requests.exceptions.ConnectionError):
        # Its text repeats the address three times; what matters is the kind of the innermost error.
        cause = getattr(error.args[0], "reason", error.args[0]) if error.args else error
        return f"no connection: {cause if isinstance(cause, str) else type(cause).__name__}"
    return str(error).splitlines()[0]


def _check_that_the_server_answers(address: str) -> None:
    # A connection timeout does not cover the name look-up, and starts again for each of the host's
    # IP addresses; without a network that adds up to minutes.
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            with requests.head(address, timeout=ANSWER_SECONDS):
                answers.put(None)
        except requests.exceptions.RequestException as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        error = answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        error = requests.exceptions.ConnectTimeout(f"no answer within {ANSWER_SECONDS:g} seconds")
    if error:
        raise error


def _download_from(address: str, folder: Path, checksums: Mapping[str, str]) -> None:
    files = pooch.create(
        folder, address, registry=dict(checksums), retry_if_failed=RETRIES, allow_updates=False
    )
    for name in checksums:
        with _progress_bar(name) as bar:
            downloader = pooch.HTTPDownloader(
                progressbar=bar,  # pyright: ignore[reportArgumentType] - documented, not annotated
                chunk_size=2**16,
                timeout=SILENCE_SECONDS,
            )
            # pooch annotates the arguments of a downloader with names that its own lack.
            files.fetch(name, downloader=downloader)  # pyright: ignore[reportArgumentType]


class _Bar:
    """The four members that pooch needs of a progress bar, drawn by rich."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self.total = 0

    def update(self, received: int) -> None:
        self._progress.update(self._task, total=self.total, advance=received)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.refresh()


@contextmanager
def _progress_bar(name: str) -> Iterator[_Bar]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _Bar(progress, progress.add_task(name, total=None))
