"""`convbias package`: an export as one archive to serve, and what to make of such an archive."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from convbias.cli.console import print_table, results
from convbias.cli.export import FOLDER
from convbias.shipping.export.archive import Archive, read
from convbias.shipping.export.archive import pack as pack_export

package = App(
    name="package",
    help=(
        "Pack an export as one archive to serve, and verify archives.\n\n"
        "Example: `convbias package fashion_mnist_model`"
    ),
)


@package.default
def pack(folder: Path = FOLDER, /, *, out: Path | None = None) -> None:
    """Pack an export with the code that answers requests and their sums.

    Example: `convbias package fashion_mnist_model`

    Args:
        folder: As `convbias export` wrote it.
        out: The archive; FOLDER.tar.gz when absent.
    """
    path = out or folder.with_name(f"{folder.name}.tar.gz")
    _print(pack_export(folder, path))


@package.command
def verify(archive: Path, /) -> None:
    """Check an archive's layout, members and sums; nothing is unpacked.

    Example: `convbias package verify fashion_mnist_model.tar.gz`

    Args:
        archive: A .tar.gz file.
    """
    _print(read(archive))


def _print(archive: Archive) -> None:
    rows = [(name, f"{len(content):,}") for name, content in sorted(archive.contents.items())]
    print_table(f"{archive.path}: verified", ("member", "bytes"), rows, words=("member",))
    results().print(
        f"run {archive.manifest.identity.get('run')}, SHA-256 {archive.sha256}", soft_wrap=True
    )
