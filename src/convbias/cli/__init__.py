"""Commands in, tables, files and exit codes out; one module per command.

A command's module is imported only when the command is used.
"""

from __future__ import annotations

import io
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 128  # plus the signal's number, as shells report it: 130 after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after `convbias`; by default those of this process.

    Returns:
        The exit code: 0 for success, 1 where a run failed or a check found damage, 2 for invalid
        input, 130 after Ctrl-C, 143 and 129 after SIGTERM and SIGHUP.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every encoding has a star or a multiplication sign.
            stream.reconfigure(errors="replace")
    try:
        with _termination_like_ctrl_c():
            # Imported here, so that Ctrl-C is handled as early as possible.
            from convbias.cli.app import run

            return run(given)
    except KeyboardInterrupt as interrupt:
        command = shlex.join(["convbias", *given])
        print(f"Interrupted. To continue, run: {command}", file=sys.stderr)
        return INTERRUPTED + (interrupt.args[0] if interrupt.args else signal.SIGINT)


@contextmanager
def _termination_like_ctrl_c() -> Iterator[None]:
    """Let `kill` and a closed terminal do what Ctrl-C does, so that processes end and files close.

    What the caller ignores stays ignored (`nohup`), and what it handles it goes on to handle.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    requests = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):  # not on Windows
        requests.append(signal.SIGHUP)
    unhandled = [each for each in requests if signal.getsignal(each) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        unhandled = []  # handlers can be set in the main thread only
    for each in unhandled:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in unhandled:
            signal.signal(each, signal.SIG_DFL)
