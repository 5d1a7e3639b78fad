"""`convbias data`: download and verify Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from convbias.cli.console import print_table, results
from convbias.data import fetch, verify

data = App(name="data", help="Download and verify the images.\n\nExample: `convbias data fetch`")


@data.command(name="fetch")
def fetch_files() -> None:
    """Download the missing files of Fashion-MNIST, and verify all.

    They are read from the folder named by the environment variable CONVBIAS_DATA; without it, from
    the user's cache. Downloads go only into the cache.

    Example: `convbias data fetch`
    """
    folder = fetch("fashion-mnist")
    results().print(f"Fashion-MNIST is complete and undamaged in {folder}", soft_wrap=True)


@data.command(name="verify")
def verify_files(*, folder: Path | None = None) -> int:
    """Compare the files of Fashion-MNIST with the published checksums, without downloading.

    Example: `convbias data verify`

    Args:
        folder: Folder of the files; default CONVBIAS_DATA, else the user's cache.
    """
    reports = verify(folder)
    rows = [
        (
            str(report.path),
            report.reason or report.status,
            "" if report.size is None else f"{report.size:,}",
            f"{report.published.size:,}",
            report.sha256 or "",
        )
        for report in reports
    ]
    columns = ("file", "status", "bytes", "published bytes", "SHA-256")
    print_table("Files of Fashion-MNIST", columns, rows, words=("file", "status", "SHA-256"))
    return 0 if all(report.status == "verified" for report in reports) else 1
