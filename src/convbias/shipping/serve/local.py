"""A server on this machine for as long as it is needed, such as in a notebook or a script."""

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
SECONDS_BETWEEN_LOOKS = 0.05


@contextmanager
def local_server(archive: Path, *, workers: int = 1) -> Iterator[str]:
    """Serve an archive in a process of its own, on a free port of the loopback interface.

    Args:
        archive: As `convbias package` packed it.
        workers: Processes that answer.

    Yields:
        The server's address, such as http://127.0.0.1:41234.

    Raises:
        RunError: The server does not start; the error holds its own words.
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
    """What the server says of itself once it answers."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS:
        words = log.read_text("utf-8")
        found = re.search(r"running on (http://\S+)", words)
        if found:
            return found.group(1)
        if process.poll() is not None:
            raise RunError(f"the server did not start: {words.strip()}", "a running server")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise RunError(f"the server did not start within {START_SECONDS:.0f} s", "a running server")
