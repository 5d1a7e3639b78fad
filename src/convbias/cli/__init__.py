"""Commands in, tables, files and exit codes out; one module per command.

A command's module is imported only when the command is used.
"""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Sequence

INTERRUPTED = 130  # as shells report a process ended by Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after `convbias`; by default those of this process.

    Returns:
        The exit code: 0 for success, 1 where a run failed or a check found damage, 2 for invalid
        input, 130 after Ctrl-C.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every encoding has a star or a multiplication sign.
            stream.reconfigure(errors="replace")
    try:
        # Imported here, so that Ctrl-C is handled as early as possible.
        from convbias.cli.app import run

        return run(given)
    except KeyboardInterrupt:
        command = shlex.join(["convbias", *given])
        print(f"Interrupted. To continue, run: {command}", file=sys.stderr)
        return INTERRUPTED
