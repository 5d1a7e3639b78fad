"""Take the runs of the external checks that are not stored yet.

    .venv/bin/python -m tools.external [NAME ...]

Every run is stored in results/external/ as soon as it ends, so an interrupted call continues.
`python -m tools.document` writes docs/external-checks.md from them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from convbias.errors import ConvbiasError
from tools.external.check import all_checks
from tools.external.runs import take


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the runs; returns the exit status."""
    known = all_checks()
    parser = argparse.ArgumentParser("tools.external", description=__doc__, allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    chosen = parser.parse_args(arguments).names or list(known)
    if unknown := sorted({*chosen} - {*known}):
        parser.error(f"no check is called {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        for name in chosen:
            take(known[name], lambda run: print(json.dumps(run), flush=True))
    except ConvbiasError as error:
        print(f"tools.external: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("tools.external: interrupted; the next call continues", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
