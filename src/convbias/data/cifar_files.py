"""CIFAR-10, which is published as one archive of binary files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np

from convbias.data.published_files import PublishedFile, PublishedFiles

ARCHIVE = "cifar-10-binary.tar.gz"  # of its three forms, one holds pickled objects, one MATLAB's
FOLDER = "cifar-10-batches-bin"
SIDE = 32


class CifarFiles(PublishedFiles):
    """The archive of the data set."""

    def read(
        self, folder: Path | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Read and verify the data set; download the archive if the cache lacks it.

        Args:
            folder: As for `folder_without_download`; only the cache is ever downloaded into.

        Returns:
            Training images uint8 (50000, 32, 32, 3), training labels uint8 (50000,), and test
            images and labels of the same types, 10,000 of them.

        Raises:
            DataError: The archive is missing, unreadable or damaged, or cannot be downloaded.
        """
        folder = self.folder_with_download(folder)
        content = self.content(folder / ARCHIVE)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            train = [_member(archive, f"data_batch_{number}.bin") for number in range(1, 6)]
            return (*parse(b"".join(train)), *parse(_member(archive, "test_batch.bin")))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"{FOLDER}/{name}")
    assert file is not None, name  # noqa: S101 - the archive's checksum was verified
    return file.read()


def parse(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read images and labels of the binary form.

    A record is a byte with the label, then the red, the green and the blue pixels, each row by row
    (A. Krizhevsky, The CIFAR-10 dataset).

    Args:
        content: Records, one after the other.

    Returns:
        Images uint8 (n, 32, 32, 3) and labels uint8 (n,).
    """
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, 1 + 3 * SIDE**2)
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0].copy()


CIFAR_10 = CifarFiles(
    "cifar-10",
    {
        ARCHIVE: PublishedFile(
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", 170_052_171
        )
    },
    # The author's page, and a copy of Google's.
    (
        "https://www.cs.toronto.edu/~kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
)
