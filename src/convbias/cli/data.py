"""`convbias data`: download and verify the images."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from convbias.cli.console import print_table, results
from convbias.data import fetch, verify
from convbias.spec.datasets import PublishedName, description_of

data = App(name="data", help="Download and verify the images.\n\nExample: `convbias data fetch`")


@data.command(name="fetch")
def fetch_files(name: PublishedName = "fashion-mnist", /) -> None:
    """Download the missing files of a data set, and verify all.

    They are read from the folder named by the environment variable CONVBIAS_DATA; without it, from
    the user's cache. Downloads go only into the cache.

    Example: `convbias data fetch mnist`

    Args:
        name: Which data set.
    """
    folder = fetch(name)
    title = description_of(name).title
    results().print(f"{title} is complete and undamaged in {folder}", soft_wrap=True)


@data.command(name="verify")
def verify_files(name: PublishedName = "fashion-mnist", /, *, folder: Path | None = None) -> int:
    """Compare a data set's files with the published checksums, without downloading.

    Example: `convbias data verify`

    Args:
        name: Which data set.
        folder: Folder of the files; default CONVBIAS_DATA, else the user's cache.
    """
    reports = verify(name, folder)
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
    print_table(
        f"Files of {description_of(name).title}", columns, rows, words=("file", "status", "SHA-256")
    )
    return 0 if all(report.status == "verified" for report in reports) else 1
