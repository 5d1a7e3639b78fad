"""CIFAR-10 and the digits of scikit-learn: what is read is what was published."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from convbias.data import load, split
from convbias.data.cifar_files import ARCHIVE, CIFAR_10
from convbias.data.published_files import PublishedFile
from convbias.errors import DataError
from convbias.spec.datasets import DATASETS


def packed(batches: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_cifar_10_is_read_from_its_archive(tmp_path: Path) -> None:
    """By hand: a label, then 1,024 red pixels, row by row, then green ones, then blue ones."""
    record = bytearray(3_073)
    record[0] = 7
    record[1 + 32 * 2 + 5] = 11  # red, row 2, column 5
    record[1 + 1_024 + 31] = 12  # green, row 0, column 31
    record[1 + 2_048 + 32 * 31] = 13  # blue, row 31, column 0
    batches = {f"data_batch_{number}.bin": bytes([number]) + bytes(3_072) for number in range(1, 6)}
    content = packed({**batches, "test_batch.bin": bytes(record), "readme.html": b"not read"})
    (tmp_path / "cifar-10").mkdir()
    (tmp_path / "cifar-10" / ARCHIVE).write_bytes(content)
    published = PublishedFile(sha256(content).hexdigest(), len(content))
    files = replace(CIFAR_10, files={ARCHIVE: published})
    images, labels, test_images, test_labels = files.read(tmp_path)
    assert images.shape == (5, 32, 32, 3)
    assert labels.tolist() == [1, 2, 3, 4, 5]
    assert test_labels.tolist() == [7]
    [image] = test_images
    assert (image[2, 5, 0], image[0, 31, 1], image[31, 0, 2]) == (11, 12, 13)
    assert image.astype(int).sum() == 36


def test_another_archive_than_the_published_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).write_bytes(b"something else")
    with pytest.raises(DataError, match="is not the published file: 14 bytes"):
        load("cifar-10", tmp_path)


def test_digits_are_those_of_scikit_learn() -> None:
    dataset = load("digits")
    values, labels = load_digits(return_X_y=True)
    wanted = {
        (tuple(map(round, row * 255 / 16)), label)
        for row, label in zip(values, labels, strict=True)
    }
    found = {
        (tuple(image.ravel().tolist()), int(label))
        for part in ("train", "test")
        for image, label in zip(
            getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels"), strict=True
        )
    }
    assert found == wanted
    training, held_out = split(dataset.train_labels, seed=0)
    sizes = (len(training), len(held_out), len(dataset.test_labels))
    assert sizes == DATASETS["digits"].sizes
    assert np.ptp(np.bincount(dataset.test_labels)) <= 2  # classes of 174 to 183 images
