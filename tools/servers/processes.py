"""Start programs as processes of their own, wait for them and stop them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

CONVBIAS = str(Path(sys.executable).with_name("convbias"))
TIMEOUT = 600.0  # seconds; generous, because machines that run tests are busy


class StartedProcess:
    """A program that runs in a process group of its own.

    Its environment has a unique mark, by which all of its descendants are found.

    Args:
        *arguments: the program's arguments.
        cwd: working folder, which receives the program's output.
        variables: environment variables, in addition to the present ones.
        program: the program; the `convbias` command by default.
    """

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        variables: Mapping[str, str] = MappingProxyType({}),
        program: Sequence[str] = (CONVBIAS,),
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.output = cwd / f"output-{self.mark}.txt"
        self.errors = cwd / f"errors-{self.mark}.txt"
        # A shell's background jobs ignore interrupts, and their children inherit that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        with self.output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*program, *map(str, arguments)],
                cwd=cwd,
                env={**os.environ, **variables, "CONVBIAS_TEST_MARK": self.mark},
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        signal.signal(signal.SIGINT, before)

    def processes(self) -> list[int]:
        """The ids of the process and of all its descendants that are still running."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marked = self.mark.encode() in (folder / "environ").read_bytes()
            except OSError:
                continue  # it has ended, or belongs to another user
            if marked:
                found.append(int(folder.name))
        return found

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds.

        Args:
            condition: returns a true value once it holds.

        Raises:
            RuntimeError: The process ended first.
        """
        wait_until(lambda: condition() or self.process.poll() is not None)
        if not condition():
            raise RuntimeError(f"the process ended: {self.errors.read_text()}")

    def text(self) -> str:
        """What the process has written to its standard output so far."""
        return self.output.read_text()

    def stop(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


def wait_until(condition: Callable[[], object], seconds: float = TIMEOUT) -> None:
    """Wait until a condition holds.

    Args:
        condition: returns a true value once it holds.
        seconds: how long to wait.

    Raises:
        TimeoutError: The condition did not hold in time.
    """
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"the condition did not hold within {seconds:g} s")
        time.sleep(0.02)


def free_port() -> int:
    """A free port of the loopback interface.

    It is below the ports that systems assign themselves, which Multi Model Server refuses.

    Raises:
        RuntimeError: No free port was found.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no free port was found")
