"""A server for the duration of a `with` block, for notebooks and scripts."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convbias.errors import RunError

START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05


@contextmanager
def local_server(archive: Path, *, workers: int = 1) -> Iterator[str]:
    """Serve an archive in a process of its own, on a free port of the loopback interface.

    Args:
        archive: an archive packed by `convbias package`.
        workers: number of worker processes.

    Yields:
        The server's address, such as http://127.0.0.1:41234.

    Raises:
        RunError: The server does not start; the message contains its output.
    """
    command = [sys.executable, "-m", "convbias", "serve", str(archive), "--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen([*command, "--workers", str(workers)], stderr=errors)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server logs once it is running."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS:
        text = log.read_text("utf-8")
        found = re.search(r"running on (http://\S+)", text)
        if found:
            return found.group(1)
        if process.poll() is not None:
            raise RunError(f"the server did not start: {text.strip()}", "a running server")
        time.sleep(POLL_SECONDS)
    raise RunError(f"the server did not start within {START_SECONDS:.0f} s", "a running server")
