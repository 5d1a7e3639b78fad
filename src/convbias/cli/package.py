"""`convbias package`: pack an export into an archive, and verify archives."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from convbias.cli.console import print_table, results, working
from convbias.cli.export import FOLDER
from convbias.shipping.export.archive import Archive, read
from convbias.shipping.export.archive import pack as pack_export

package = App(
    name="package",
    help=(
        "Pack an export into one archive for serving, and verify archives.\n\n"
        "Example: `convbias package fashion_mnist_model`"
    ),
)


@package.default
def pack(folder: Path = FOLDER, /, *, out: Path | None = None) -> None:
    """Pack an export with its inference code and checksums.

    Example: `convbias package fashion_mnist_model`

    Args:
        folder: Folder written by `convbias export`.
        out: The archive; default FOLDER.tar.gz.
    """
    path = out or folder.with_name(f"{folder.name}.tar.gz")
    with working("packing, and testing the archive"):
        packed = pack_export(folder, path)
    _print(packed)


@package.command
def verify(archive: Path, /) -> None:
    """Check an archive's layout, members and checksums without unpacking it.

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
