"""The published files: where they are looked for, and what happens when they are damaged."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convbias.data import Dataset
from convbias.data.idx_files import IDX_FILES, IdxFiles
from convbias.errors import DataError
from mirrors import (
    ARRAYS,
    CONTENTS,
    IMAGES,
    LABELS,
    NAMES,
    PUBLISHED,
    TEST_IMAGES,
    TEST_LABELS,
    Mirror,
    fetch,
    fill,
    folder_without_download,
    read,
    replace_published,
    verify,
)

# Where the files are looked for


def test_the_cache_is_the_users() -> None:
    assert IDX_FILES["fashion-mnist"].cache_folder.name == "fashion-mnist"
    assert "convbias" in IDX_FILES["fashion-mnist"].cache_folder.parts


@pytest.mark.parametrize("sub_folder", ["", "fashion-mnist"])
def test_the_named_folder_or_its_sub_folder(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sub_folder: str
) -> None:
    folder = fill(tmp_path / "mine" / sub_folder)
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path / "mine"))
    assert folder_without_download() == fetch() == folder
    for name, array in zip(NAMES, read(), strict=True):
        assert np.array_equal(array, ARRAYS[name])
    assert not empty_cache.exists()


@pytest.mark.usefixtures("empty_cache")
def test_a_folder_that_is_passed_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path / "nothing"))
    assert fetch(fill(tmp_path / "mine")) == tmp_path / "mine"


def test_an_empty_variable_is_no_folder(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", "")
    assert folder_without_download() == empty_cache


@pytest.mark.usefixtures("empty_cache")
def test_a_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fill(tmp_path / "mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CONVBIAS_DATA", "~/mine")
    assert folder_without_download() == tmp_path / "mine"


@pytest.mark.parametrize("kind", ["missing", "a file", "empty"])
@pytest.mark.usefixtures("empty_cache")
def test_a_named_folder_without_the_files_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mirror: Mirror, kind: str
) -> None:
    named = tmp_path / "mine"
    if kind == "a file":
        named.write_text("not a folder")
    elif kind == "empty":
        named.mkdir()
    monkeypatch.setenv("CONVBIAS_DATA", str(named))
    replace_published(monkeypatch, (mirror.address,))
    for action in (fetch, verify, read):
        with pytest.raises(DataError, match="named by CONVBIAS_DATA") as caught:
            action()
        assert str(named) in caught.value.what
    assert not mirror.served


# Damage: an error that names the file, and nothing is replaced


def damage(path: Path, kind: str) -> None:
    content = path.read_bytes()
    path.unlink()
    if kind == "truncated":
        path.write_bytes(content[:-100])
    elif kind == "corrupted":
        path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "a folder":
        path.mkdir()


@pytest.mark.parametrize("kind", ["truncated", "corrupted", "empty"])
@pytest.mark.parametrize("owner", ["mine", "cache"])
@pytest.mark.usefixtures("empty_cache")
def test_damage_is_named_and_left_alone(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    mirror: Mirror,
    kind: str,
    owner: str,
) -> None:
    folder = fill(tmp_path / owner)
    if owner == "mine":
        monkeypatch.setenv("CONVBIAS_DATA", str(folder))
    replace_published(monkeypatch, (mirror.address,))
    damage(folder / TEST_IMAGES, kind)
    left = (folder / TEST_IMAGES).read_bytes()
    for action in (fetch, read):
        with pytest.raises(DataError) as caught:
            action()
        error = caught.value
        assert str(folder / TEST_IMAGES) in error.what
        assert hashlib.sha256(left).hexdigest() in error.what
        assert error.expected is not None
        assert PUBLISHED[TEST_IMAGES].sha256 in error.expected
        assert error.fix is not None
        assert ("convbias data fetch" in error.fix) == (owner == "cache")
    assert (folder / TEST_IMAGES).read_bytes() == left
    assert not mirror.served


@pytest.mark.usefixtures("empty_cache")
def test_a_missing_file_of_a_named_folder_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mirror: Mirror
) -> None:
    folder = fill(tmp_path / "mine")
    damage(folder / LABELS, "missing")
    monkeypatch.setenv("CONVBIAS_DATA", str(folder))
    replace_published(monkeypatch, (mirror.address,))
    with pytest.raises(DataError, match=f"{LABELS} is missing"):
        read()
    assert not (folder / LABELS).exists()
    assert not mirror.served


@pytest.mark.usefixtures("empty_cache")
def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine")
    damage(folder / LABELS, "a folder")
    with pytest.raises(DataError, match=f"{LABELS} cannot be read: Is a directory"):
        read(folder)


@pytest.mark.usefixtures("empty_cache")
def test_reports(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine")
    damage(folder / IMAGES, "truncated")
    damage(folder / LABELS, "missing")
    damage(folder / TEST_LABELS, "a folder")
    reports = verify(folder)
    assert [report.path for report in reports] == [folder / name for name in NAMES]
    assert [report.status for report in reports] == ["damaged", "missing", "verified", "unreadable"]
    assert [report.size for report in reports] == [
        len(CONTENTS[IMAGES]) - 100,
        None,
        len(CONTENTS[TEST_IMAGES]),
        None,
    ]
    assert reports[2].sha256 == PUBLISHED[TEST_IMAGES].sha256
    assert "cannot be read: Is a directory" in (reports[3].reason or "")


def test_verification_downloads_nothing(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    replace_published(monkeypatch, (mirror.address,))
    assert {report.status for report in verify()} == {"missing"}
    assert not mirror.served
    assert not empty_cache.exists()


# Copies that were compressed anew


@pytest.mark.parametrize("changed", [False, True])
def test_what_is_compressed_counts_where_its_checksum_is_published(
    tmp_path: Path, changed: bool
) -> None:
    content = gzip.decompress(CONTENTS[LABELS])
    again = gzip.compress(content + b"!" * changed, compresslevel=1, mtime=5)
    folder = fill(tmp_path / "mine")
    (folder / LABELS).write_bytes(again)
    sha256 = hashlib.sha256(content).hexdigest()
    known = PUBLISHED | {LABELS: replace(PUBLISHED[LABELS], content_sha256=sha256)}
    for files, status in ((known, "damaged" if changed else "verified"), (PUBLISHED, "damaged")):
        reports = IdxFiles("mnist", files, ()).verify(folder)
        assert {report.path.name: report.status for report in reports}[LABELS] == status


def test_the_sub_folder_of_its_name_comes_first(tmp_path: Path) -> None:
    """Because the files of several data sets have the same names."""
    fill(tmp_path / "all")
    own = fill(tmp_path / "all" / "mnist")
    assert IDX_FILES["mnist"].folder_without_download(tmp_path / "all") == own
    assert IDX_FILES["kmnist"].folder_without_download(tmp_path / "all") == tmp_path / "all"


# The published files themselves


def test_the_published_files(fashion_mnist: Dataset) -> None:
    # The fixture has loaded and verified them; the dataset's own page lists these numbers.
    assert fashion_mnist.train_images.shape == (60_000, 28, 28, 1)
    assert fashion_mnist.test_images.shape == (10_000, 28, 28, 1)
    assert [report.status for report in verify()] == ["verified"] * 4
    md5 = {
        report.path.name: hashlib.md5(report.path.read_bytes()).hexdigest()  # noqa: S324 - published
        for report in verify()
    }
    assert md5 == {
        IMAGES: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        LABELS: "25c81989df183df01b3e8a0aad5dffbe",
        TEST_IMAGES: "bef4ecab320f06d8554ea6380940ec79",
        TEST_LABELS: "bb300cfdad3c16e7a12a480ee83cd310",
    }
