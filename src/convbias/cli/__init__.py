"""Commands in, tables, files and exit codes out; one module per command.

A command's module is imported only when the command is used.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

INTERRUPTED = 130  # what shells report for a process that Ctrl-C has ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What stands behind `convbias`; by default what this process was started with.

    Returns:
        The exit code: 0 where all is well, 1 where a run failed or a check found damage, 2 for
        input that cannot be used, 130 where Ctrl-C ended it.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        # Imported here, so that Ctrl-C finds somebody who answers as early as possible.
        from convbias.cli.app import run

        return run(given)
    except KeyboardInterrupt:
        command = shlex.join(["convbias", *given])
        print(f"Interrupted. To go on where it stopped, run: {command}", file=sys.stderr)
        return INTERRUPTED
