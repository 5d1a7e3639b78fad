"""Find, download and verify published files of data other than images.

They are searched for in a sub-folder of the folder that CONVBIAS_DATA names, else in the user's
cache, and are downloaded into the cache if missing there. No existing file is ever replaced.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from convbias.data.download import download
from convbias.errors import AbsentDataError, DataError
from convbias.spec.files import read_file


@dataclass(frozen=True)
class PublishedData:
    """Files that belong together.

    Args:
        title: What they are called in messages.
        folder: Name of their folder.
        checksums: File name to SHA-256 in hexadecimal digits.
        addresses: Base addresses, each ending in a slash.
    """

    title: str
    folder: str
    checksums: Mapping[str, str]
    addresses: tuple[str, ...]

    def read(self) -> dict[str, bytes]:
        """Read and verify the files; download those that are missing.

        Returns:
            File name to content.

        Raises:
            AbsentDataError: A file is missing and cannot be downloaded.
            DataError: A file is damaged.
            StorageError: A file may not be read.
        """
        folder = self._folder()
        return {name: self._verified(folder / name) for name in self.checksums}

    def _folder(self) -> Path:
        """Where all of the files are, after downloading if need be."""
        cache = Path(platformdirs.user_cache_dir("convbias")) / self.folder
        named = os.environ.get("CONVBIAS_DATA")
        searched = [Path(named).expanduser() / self.folder] if named else []
        for folder in (*searched, cache):
            if all((folder / name).exists() for name in self.checksums):
                return folder
        missing = {
            name: checksum
            for name, checksum in self.checksums.items()
            if not (cache / name).exists()
        }
        failures = download(cache, missing, self.addresses)
        if failures:
            places = " and ".join(map(str, (*searched, cache)))
            raise AbsentDataError(
                f"{self.title} was not found in {places}, and could not be downloaded:"
                f" {' and '.join(failures)}",
                f"the published files: {', '.join(self.checksums)}",
                "connect to the network, or set CONVBIAS_DATA to a folder whose sub-folder"
                f" {self.folder} holds the files",
            )
        return cache

    def _verified(self, path: Path) -> bytes:
        content = read_file(path)
        found = hashlib.sha256(content).hexdigest()
        if found != self.checksums[path.name]:
            raise DataError(
                f"{path} is not the published file: SHA-256 {found}",
                f"SHA-256 {self.checksums[path.name]}",
                "delete the file to have it downloaded again, or copy the published one there",
            )
        return content
