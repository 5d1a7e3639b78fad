"""Find, download, verify and read data sets that are published as four IDX files.

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

import numpy as np
import platformdirs

from convbias.data.download import download
from convbias.data.idx import read_compressed
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
class IdxFiles:
    """The four files of a data set.

    Args:
        name: The data set, and the folder of its files.
        files: File name to what identifies it: training images, training labels, test images and
            test labels.
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
            The folder that holds the four files.

        Raises:
            DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
        """
        folder = self._folder_with_download(folder)
        for report in self.verify(folder):
            self._raise_unless_verified(report)
        return folder

    def read(
        self, folder: Path | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Read and verify the data set; download the files that the cache lacks.

        Args:
            folder: As for `folder_without_download`; only the cache is ever downloaded into.

        Returns:
            Training images uint8 (n, 28, 28), training labels uint8 (n,), test images uint8
            (m, 28, 28) and test labels uint8 (m,).

        Raises:
            DataError: A file is missing, unreadable or damaged, or cannot be downloaded.
        """
        folder = self._folder_with_download(folder)
        train_images, train_labels, test_images, test_labels = (
            self._read_array(folder / name) for name in self.files
        )
        return train_images, train_labels, test_images, test_labels

    def _read_array(self, path: Path) -> np.ndarray:
        report, content = self._read_file(path)
        self._raise_unless_verified(report)
        return read_compressed(content, str(path))

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

    def _folder_with_download(self, folder: Path | None) -> Path:
        folder = self.folder_without_download(folder)
        missing = [name for name in self.files if not (folder / name).exists()]
        if missing and folder == self.cache_folder:
            checksums = {name: self.files[name].sha256 for name in missing}
            failures = download(folder, checksums, self.addresses)
            if failures:
                raise AbsentDataError(
                    f"{self.title} was not found and could not be downloaded; searched"
                    f" CONVBIAS_DATA (not set), the cache {folder} (lacks {', '.join(missing)}),"
                    f" and {' and '.join(failures)}",
                    "the four published files in one of these places",
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


def _published(
    training_images: PublishedFile,
    training_labels: PublishedFile,
    test_images: PublishedFile,
    test_labels: PublishedFile,
) -> dict[str, PublishedFile]:
    return {
        "train-images-idx3-ubyte.gz": training_images,
        "train-labels-idx1-ubyte.gz": training_labels,
        "t10k-images-idx3-ubyte.gz": test_images,
        "t10k-labels-idx1-ubyte.gz": test_labels,
    }


_SETS = (
    IdxFiles(
        "fashion-mnist",
        _published(
            PublishedFile(
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880
            ),
            PublishedFile(
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515
            ),
            PublishedFile(
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102
            ),
            PublishedFile(
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148
            ),
        ),
        # The bucket behind the data set's own site, then the authors' repository.
        (
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
    ),
    IdxFiles(
        "mnist",
        _published(
            PublishedFile(
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            PublishedFile(
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            PublishedFile(
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            PublishedFile(
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        # Copies of PyTorch and of TensorFlow; the authors' own site refuses downloads.
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    IdxFiles(
        "kmnist",
        _published(
            PublishedFile(
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4", 18_165_135
            ),
            PublishedFile(
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17", 29_497
            ),
            PublishedFile(
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5", 3_041_136
            ),
            PublishedFile(
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c", 5_120
            ),
        ),
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    ),
)

IDX_FILES: dict[str, IdxFiles] = {each.name: each for each in _SETS}
