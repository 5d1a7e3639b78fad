"""Archives: reproducible bytes, and the rejection of malicious and damaged ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archives import write_archive
from convbias.cli import main
from convbias.errors import InputError
from convbias.shipping.export.archive import MANIFEST, pack, read, unpack
from convbias.shipping.export.members import LARGEST_MEMBER
from exported import IDENTITY, write_export
from factories import CLASS_NAMES


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "fashion_mnist_model")


@pytest.fixture
def packed(export: Path) -> Path:
    return pack(export, export.with_name("model.tar.gz")).path


def test_an_archive_contains_export_code_and_checksums(packed: Path) -> None:
    with tarfile.open(packed) as tar:
        members = {member.name: member for member in tar}
        served = {name: tar.extractfile(name).read() for name in members}
    assert set(served) == {
        "1/saved_model.pb",
        "1/variables/variables.index",
        "model.onnx",
        "code/inference.py",
        "code/labels.json",
        "code/images.json",
        "archive.json",
    }
    assert all(member.isreg() and member.mode == 0o644 for member in members.values())
    root = Path(__file__).parents[2]
    assert served["code/inference.py"] == (root / "inference.py").read_bytes()
    assert json.loads(served["code/labels.json"]) == list(CLASS_NAMES)
    manifest = json.loads(served.pop("archive.json"))
    assert manifest["identity"] == IDENTITY
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in served.items()
    }


def test_packing_is_reproducible(export: Path, tmp_path: Path) -> None:
    first = pack(export, tmp_path / "first.tar.gz")
    for file in export.rglob("*"):
        file.touch()
    second = pack(export, tmp_path / "second.tar.gz")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()


def test_unpacking_restores_the_members(packed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked" / "model"
    unpack(read(packed), folder)
    assert (folder / "1/variables/variables.index").read_bytes() == b"index"
    assert {path.name for path in folder.parent.iterdir()} == {"model"}
    with pytest.raises(InputError, match="exists"):
        unpack(read(packed), folder)


def test_the_command_line_packs_and_verifies(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["package", str(export)]) == 0
    assert "run 0123456789ab-seed0, SHA-256" in capsys.readouterr().out
    archive = export.with_name("fashion_mnist_model.tar.gz")
    assert main(["package", "verify", str(archive)]) == 0
    assert "code/inference.py" in capsys.readouterr().out
    assert main(["package", "verify", str(export / "model.onnx")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["package", str(export / "1")]) == 2
    assert "is not an export" in capsys.readouterr().err


# --- malicious and damaged archives --------------------------------------------------------------

Change = Callable[[dict[str, bytes]], object]


def valid_contents(packed: Path) -> dict[str, bytes]:
    return dict(read(packed).contents)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([member("1/link", tarfile.SYMTYPE, "/etc/passwd")], "contains a link"),
        ([member("1/link", tarfile.LNKTYPE, "1/saved_model.pb")], "contains a link"),
        # A link inside a linked folder escapes many filters.
        (
            [
                member("1/a", tarfile.SYMTYPE, "."),
                member("1/a/b", tarfile.SYMTYPE, "a/../.."),
                member("1/a/b/evil", size=3),
            ],
            "contains a link, '1/a' to '.'",
        ),
        ([member("/etc/evil", size=3)], "path leads outside"),
        ([member("../evil", size=3)], "path leads outside"),
        ([member("1/../../evil", size=3)], "path leads outside"),
        ([member("./1/evil", size=3)], "path leads outside"),
        ([member("1\\..\\evil", size=3)], "path leads outside"),
        ([member("1//evil", size=3)], "path leads outside"),
        ([member("1/device", tarfile.CHRTYPE)], "neither a regular file nor a folder"),
        ([member("1/pipe", tarfile.FIFOTYPE)], "neither a regular file nor a folder"),
        ([member("model.onnx", size=3)], "contains 'model.onnx' twice"),
        ([member("code/requirements.txt", size=3)], "unexpected members: code/requirements.txt"),
        ([member("1/extra", size=3)], "wrong or missing checksum of '1/extra'"),
        ([member(f"1/{number}", size=1) for number in range(300)], "more than 200 members"),
        ([member("1/" + "x" * 2_000_000, size=1)], "header of more than a megabyte"),
    ],
)
def test_unexpected_members_are_rejected(
    packed: Path, more: list[tarfile.TarInfo], words: str, tmp_path: Path
) -> None:
    contents = valid_contents(packed)
    evil = write_archive(tmp_path / "evil.tar.gz", contents, more)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refused:
        read(evil)
    assert words in str(refused.value)
    assert "expected: 1/ (a TensorFlow SavedModel)" in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def without(name: str) -> Change:
    return lambda contents: contents.pop(name)


def replaced(name: str, content: bytes) -> Change:
    return lambda contents: contents.update({name: content})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("model.onnx"), "lacks model.onnx"),
        (without("1/saved_model.pb"), "lacks 1/saved_model.pb"),
        (without(MANIFEST), "lacks archive.json"),
        (without("1/variables/variables.index"), "wrong or missing checksum of '1/variables"),
        (
            replaced("code/inference.py", b"import os"),
            "wrong or missing checksum of 'code/inference.py'",
        ),
        (replaced(MANIFEST, b"{}"), "has an invalid archive.json"),
        (replaced(MANIFEST, b"\xff"), "has an invalid archive.json"),
    ],
)
def test_wrong_layouts_and_checksums_are_rejected(
    packed: Path, change: Change, words: str, tmp_path: Path
) -> None:
    contents = valid_contents(packed)
    change(contents)
    evil = write_archive(tmp_path / "evil.tar.gz", contents)
    with pytest.raises(InputError) as refused:
        read(evil)
    assert words in str(refused.value)


def test_large_members_are_rejected_before_they_are_read(tmp_path: Path) -> None:
    huge = member("1/huge", size=LARGEST_MEMBER + 1)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(member("1/first"))
        buffer.write(huge.tobuf())
    evil = tmp_path / "evil.tar.gz"
    evil.write_bytes(gzip.compress(buffer.getvalue()))
    with pytest.raises(InputError, match=r"contains '1/huge' of 104,857,601 bytes"):
        read(evil)


def test_a_decompression_bomb_is_rejected(tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar.gz"
    with gzip.open(evil, "wb", compresslevel=1) as bomb:
        for number in range(5):
            bomb.write(member(f"1/{number}", size=50 * 2**20).tobuf())
            for _ in range(50):
                bomb.write(bytes(2**20))
    assert evil.stat().st_size < 2 * 2**20
    with pytest.raises(InputError, match="contains more than 200 MiB"):
        read(evil)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_archives_are_rejected(packed: Path, kept: float, tmp_path: Path) -> None:
    whole = packed.read_bytes()
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError):
        read(torn)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", gzip.compress(b"no tar" * 200)], ids=len)
def test_other_files_are_rejected(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "no.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "absent.tar.gz")
