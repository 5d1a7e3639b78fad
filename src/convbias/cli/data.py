"""`convbias data`: download and verify the images, and read a person's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cyclopts import App

from convbias.cli.choices import OwnImages, read_images
from convbias.cli.console import print_table, results
from convbias.data import fetch, load, verify
from convbias.spec.datasets import PublishedName, description_of, own_folder

data = App(
    name="data",
    help="Download and verify images, or read your own.\n\nExample: `convbias data fetch`",
)


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


@data.command(name="read")
def read_path(
    path: Path,
    /,
    *,
    side: int | None = None,
    skip_damaged: bool = False,
    follow_links: bool = False,
    most_images: int | None = None,
) -> None:
    """Read your own images, and show what was found; other commands then take them by their name.

    Example: `convbias data read photographs --side 32`

    Args:
        path: A folder with a subfolder per class, a folder of four IDX files, a .npz file, or a
            Parquet file or a folder of them.
        side: Pixels per side to which they are brought, a multiple of 4 from 8 to 96; default by
            their sizes.
        skip_damaged: Leave out files that cannot be decoded, and say how many.
        follow_links: Follow symbolic links in the folder.
        most_images: Read at most so many images, drawn at random.
    """
    own = OwnImages(path, side, skip_damaged, follow_links, most_images)
    name = read_images(own, path)
    dataset = load(name)
    counts = [
        np.bincount(labels, minlength=len(dataset.class_names))
        for labels in (dataset.train_labels, dataset.test_labels)
    ]
    rows = [
        (class_name, *(f"{count[label]:,}" for count in counts))
        for label, class_name in enumerate(dataset.class_names)
    ]
    print_table(f"Images of {name}", ("class", "training", "test"), rows, words=("class",))


@data.command(name="list")
def list_own() -> None:
    """List your own images that were read before, which are kept in the user's cache.

    Example: `convbias data list`
    """
    # Imported here, because the other commands do not need it.
    from convbias.data.own import kept_sets

    rows = []
    for name, reading in kept_sets():
        described = description_of(name)
        training, validation, test = described.sizes
        size = f"{described.side} x {described.side} x {described.channels}"
        classes = f"{len(described.class_names):,}"
        rows.append((name, classes, f"{training + validation:,}", f"{test:,}", size, reading.path))
    columns = ("name", "classes", "training", "test", "size", "read from")
    print_table("Your own images", columns, rows, words=("name", "read from"), whole=("name",))
    results().print(f"They are kept in {own_folder('any').parent}", soft_wrap=True)
