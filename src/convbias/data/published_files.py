"""Find, download and verify the files of published data sets.

They are searched for in the folder that CONVBIAS_DATA names, else in the user's cache, and are
downloaded into the cache if missing there. Every file is verified before it is used, and no
existing file is ever replaced: a damaged file is an error that names it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from convbias.errors import AbsentDataError, DataError, StorageError
from convbias.spec.datasets import PublishedName, description_of
from convbias.spec.files import read_file


@dataclass(frozen=True)
class PublishedFile:
    """What identifies one of the published files.

    Args:
        sha256: SHA-256 of the compressed file, in hexadecimal digits.
        size: Bytes.
        content_sha256: SHA-256 of what is compressed in it, where copies are in use that were
            compressed otherwise; a file with that content is accepted, too.
    """

    sha256: str
    size: int
    content_sha256: str | None = None


@dataclass(frozen=True)
class FileReport:
    """How one file compares with the published one.

    Args:
        path: The file's path.
        published: Size and checksum of the published file.
        status: The result; a file is damaged if its checksum differs.
        sha256: Its checksum, None where it could not be read.
        size: Its size in bytes, None where it could not be read.
        reason: Why an unreadable file could not be read.
    """

    path: Path
    published: PublishedFile
    status: Literal["verified", "missing", "unreadable", "damaged"]
    sha256: str | None = None
    size: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a data set.

    Args:
        name: The data set, and the folder of its files.
        files: File name to what identifies it.
        addresses: Base addresses, each ending in a slash, tried one after the other.
    """

    name: PublishedName
    files: Mapping[str, PublishedFile]
    addresses: tuple[str, ...]

    @property
    def title(self) -> str:
        """What messages call the data set."""
        return description_of(self.name).title

    @property
    def cache_folder(self) -> Path:
        """The folder that downloads go to."""
        return Path(platformdirs.user_cache_dir("convbias")) / self.name

    def folder_without_download(self, folder: Path | None = None) -> Path:
        """The folder in which the files are expected.

        Args:
            folder: A folder that holds the files, or whose sub-folder of the data set's name does.
                By default the one that CONVBIAS_DATA names; where that is not set, the cache.

        Returns:
            The folder; it exists, unless it is the cache.

        Raises:
            DataError: `folder` or CONVBIAS_DATA names something that holds none of the files.
        """
        named_by = "the folder given"
        if folder is None:
            variable = os.environ.get("CONVBIAS_DATA")
            if not variable:
                return self.cache_folder
            named_by = "CONVBIAS_DATA"
            folder = Path(variable).expanduser()
        # The sub-folder first, because data sets have files of the same names.
        for candidate in (folder / self.name, folder):
            if any((candidate / file).exists() for file in self.files):
                return candidate
        holds_none = f"holds none of the files of {self.title}"
        problem = holds_none if folder.is_dir() else "is not a folder"
        raise DataError(
            f"{folder} {problem} (named by {named_by})",
            f"{', '.join(self.files)}, there or in its sub-folder {self.name}",
            "correct the path, or unset CONVBIAS_DATA to have the files downloaded into the cache",
        )

    def verify(self, folder: Path | None = None) -> list[FileReport]:
        """Compare each file with the published one; downloads nothing.

        Args:
            folder: As for `folder_without_download`.

        Returns:
            One report per published file.

        Raises:
            DataError: `folder` or CONVBIAS_DATA names something that holds none of the files.
        """
        folder = self.folder_without_download(folder)
        return [self._read_file(folder / name)[0] for name in self.files]

    def fetch(self, folder: Path | None = None) -> Path:
        """Verify that all files exist and are undamaged; download those that the cache lacks.

        Args:
            folder: As for `folder_without_download`; only the cache is ever downloaded into.

        Returns:
            The folder that holds the files.

        Raises:
            DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
        """
        folder = self.folder_with_download(folder)
        for report in self.verify(folder):
            self._raise_unless_verified(report)
        return folder

    def content(self, path: Path) -> bytes:
        """Read one of the files, and verify it.

        Args:
            path: The file, in the folder that `fetch` returns.

        Raises:
            DataError: It is missing, unreadable or damaged.
        """
        report, content = self._read_file(path)
        self._raise_unless_verified(report)
        return content

    def _read_file(self, path: Path) -> tuple[FileReport, bytes]:
        published = self.files[path.name]
        if not path.exists():
            return FileReport(path, published, "missing"), b""
        try:
            content = read_file(path)
        except StorageError as error:
            return FileReport(path, published, "unreadable", reason=error.what), b""
        sha256 = hashlib.sha256(content).hexdigest()
        same = sha256 == published.sha256 or _holds(content, published.content_sha256)
        status = "verified" if same else "damaged"
        return FileReport(path, published, status, sha256, len(content)), content

    def _raise_unless_verified(self, report: FileReport) -> None:
        if report.status == "verified":
            return
        found = {
            "missing": f"{report.path} is missing",
            "unreadable": report.reason or "",
            "damaged": f"{report.path} is not the published file: {report.size} bytes,"
            f" SHA-256 {report.sha256}",
        }[report.status]
        if report.path.parent == self.cache_folder and report.status != "unreadable":
            fix = f"delete the file, then run `convbias data fetch {self.name}`"
        elif report.status == "unreadable":
            fix = "check its permissions"
        else:
            fix = (
                "copy the file there again, or unset CONVBIAS_DATA to have the files downloaded"
                " into the cache; convbias never replaces files there"
            )
        published = report.published
        raise DataError(found, f"{published.size} bytes, SHA-256 {published.sha256}", fix)

    def folder_with_download(self, folder: Path | None = None) -> Path:
        """The folder in which the files are; those that the cache lacks are downloaded into it.

        Args:
            folder: As for `folder_without_download`; only the cache is ever downloaded into.

        Raises:
            DataError: As for `folder_without_download`, or a file cannot be downloaded.
        """
        folder = self.folder_without_download(folder)
        missing = [name for name in self.files if not (folder / name).exists()]
        if missing and folder == self.cache_folder:
            # Imported here, because it takes as long as all else, and most commands need it not.
            from convbias.data.download import download

            checksums = {name: self.files[name].sha256 for name in missing}
            failures = download(folder, checksums, self.addresses)
            if failures:
                raise AbsentDataError(
                    f"{self.title} was not found and could not be downloaded; searched"
                    f" CONVBIAS_DATA (not set), the cache {folder} (lacks {', '.join(missing)}),"
                    f" and {' and '.join(failures)}",
                    "the published files in one of these places",
                    "connect to the network, set CONVBIAS_DATA to a folder that holds the files,"
                    " or use the generated data set with --dataset drawn",
                )
        return folder


def _holds(compressed: bytes, sha256: str | None) -> bool:
    """Whether a gzip file has content of this checksum."""
    with suppress(OSError, EOFError, zlib.error):
        return sha256 is not None and (
            hashlib.sha256(gzip.decompress(compressed)).hexdigest() == sha256
        )
    return False
