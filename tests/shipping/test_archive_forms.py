"""Archives byte by byte: every form that is refused, and what is never read to its end."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives import write_archive
from convbias.cli import main
from convbias.errors import InputError
from convbias.shipping.export.archive import pack, read
from convbias.shipping.export.members import packed_members
from convbias.shipping.serve.predictor import unpacked
from exported import write_export

BLOCK = 512


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    return pack(write_export(folder / "export"), folder / "model.tar.gz").path


@pytest.fixture(scope="module")
def tar(packed: Path) -> bytes:
    """The uncompressed archive without its end mark."""
    members = gzip.decompress(packed.read_bytes()).rstrip(b"\0")
    return members + bytes(-len(members) % BLOCK)


def header(name: bytes = b"1/x", kind: bytes = b"0", size: bytes = b"0", **fields: bytes) -> bytes:
    """A member's header, written by hand."""
    block = bytearray(BLOCK)
    for start, value in (
        (0, name),
        (100, b"0000644"),
        (124, size),
        (136, b"0"),
        (156, kind),
        (157, fields.get("link", b"")),
        (257, fields.get("magic", b"ustar\x0000")),
        (345, fields.get("prefix", b"")),
    ):
        block[start : start + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = fields.get("checksum", b"%06o\0 " % sum(block))
    return bytes(block)


def member(content: bytes, **fields: bytes) -> bytes:
    """A header with its content."""
    size = b"%o" % len(content)
    return header(size=size, **fields) + content + bytes(-len(content) % BLOCK)


def record(key: bytes, value: bytes) -> bytes:
    """A record of an extended header, whose first number counts itself."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(b"%d" % length):
        length = len(rest) + len(b"%d" % length)
    return b"%d" % length + rest


def refusal(tmp_path: Path, content: bytes) -> str:
    """Why a file is refused."""
    path = tmp_path / "evil.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read(path)
    return refused.value.what


END = bytes(2 * BLOCK)
EXTENDED = "has an extended header"
FORMS = {
    "length of many digits": (member(b"9" * 5_000 + b" path=x\n", kind=b"x"), EXTENDED),
    "length 0": (member(b"0 path=x\n", kind=b"x"), EXTENDED),
    "length 1": (member(b"1 path=x\n", kind=b"x"), EXTENDED),
    "length beyond": (member(b"99 path=x\n", kind=b"x"), EXTENDED),
    "length without a line's end": (member(b"9 path=x", kind=b"x"), EXTENDED),
    "no equals sign": (member(b"7 path\n", kind=b"x"), EXTENDED),
    "not a number": (member(b"xx path=x\n", kind=b"x"), EXTENDED),
    "negative length": (member(b"-9 path=x\n", kind=b"x"), EXTENDED),
    "another path": (member(record(b"path", b"1/y"), kind=b"x"), "header for 'path'"),
    "another size": (member(record(b"size", b"-1"), kind=b"x"), "header for 'size'"),
    "a global path": (member(record(b"linkpath", b"1/y"), kind=b"g"), "header for 'linkpath'"),
    "sparse map": (member(record(b"GNU.sparse.map", b"0,a"), kind=b"x"), "'GNU.sparse.map'"),
    "character set": (member(record(b"hdrcharset", b"\xff"), kind=b"x"), "'hdrcharset'"),
    "control in a key": (member(record(b"\x1b[2J", b""), kind=b"x"), "'\\x1b[2J'"),
    "large extended header": (header(kind=b"x", size=b"77777777"), "more than a megabyte"),
    "negative extended header": (header(kind=b"x", size=b"\xff" * 12), "bytes"),
    "GNU long name": (member(b"1/y", kind=b"L"), "neither a regular file nor a folder"),
    "GNU long name without end": (header(kind=b"L", size=b"777"), "neither a regular file"),
    "GNU sparse": (header(kind=b"S"), "neither a regular file"),
    "GNU volume": (header(kind=b"V"), "neither a regular file"),
    "GNU multi-volume": (header(kind=b"M"), "neither a regular file"),
    "unknown kind": (header(kind=b"Z"), "neither a regular file"),
    "contiguous file": (header(kind=b"7"), "neither a regular file"),
    "negative size": (header(size=b"\xff" * 12), "'1/x' of -"),
    "huge size": (header(size=b"\x80" + b"\x7f" * 11), "'1/x' of "),
    "size that is no number": (header(size=b"12x"), "cannot be read"),
    "wrong header checksum": (header(checksum=b"000000\0 "), "cannot be read"),
    "name that is not UTF-8": (header(name=b"1/\xff\xfe"), "cannot be read"),
    "controls in a name": (header(name=b"1/\x1b]0;title\x07"), "unprintable characters"),
    "reversed name": (header(name="1/\u202egpj.exe".encode()), "unprintable characters"),
    "empty name": (header(name=b""), "path leads outside"),
    "deep name": (header(name=b"1/" + b"a/" * 8 + b"b"), "more than 8 folders deep"),
    "deep folder": (header(name=b"1/" + b"a/" * 9, kind=b"5"), "more than 8 folders deep"),
    "prefix outside": (header(prefix=b"/etc"), "path leads outside"),
    "folder with content": (header(kind=b"5", size=b"1000"), "the folder '1/x' of 512 bytes"),
    "file as folder": (header(name=b"model.onnx", kind=b"5"), "as a file and as a folder"),
    "file in a file": (header(name=b"model.onnx/x"), "as a file and as a folder"),
    "data between members": (header(size=b"1") + b"ab" + bytes(BLOCK - 2), "has data between"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_malformed_member_is_refused(name: str, tar: bytes, tmp_path: Path) -> None:
    added, words = FORMS[name]
    for content in (tar + added + END, added + tar + END, added):
        assert "evil.tar.gz" in refusal(tmp_path, gzip.compress(content))
    assert words in refusal(tmp_path, gzip.compress(tar + added + END))


ENDS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no end mark": (lambda tar: gzip.compress(tar), "lacks its end mark"),
    "half an end mark": (lambda tar: gzip.compress(tar + bytes(BLOCK)), "lacks its end mark"),
    "an odd end mark": (
        lambda tar: gzip.compress(tar + bytes(BLOCK) + b"x" * BLOCK),
        "lacks its end mark",
    ),
    "a member after the end": (
        lambda tar: gzip.compress(tar + END + tar + END),
        "has data after its end mark",
    ),
    "a byte after many zeros": (
        lambda tar: gzip.compress(tar + END + bytes(200_000) + b"x"),
        "has data after its end mark",
    ),
    "a byte after the gzip file": (
        lambda tar: gzip.compress(tar + END) + b"x",
        "has bytes after its compressed data",
    ),
    "zeros after the gzip file": (
        lambda tar: gzip.compress(tar + END) + bytes(99_999),
        "has bytes after its compressed data",
    ),
    "a second gzip member": (
        lambda tar: gzip.compress(tar) + gzip.compress(END),
        "lacks its end mark",
    ),
    "an empty second gzip member": (
        lambda tar: gzip.compress(tar + END) + gzip.compress(b""),
        "has bytes after its compressed data",
    ),
    "no length": (lambda tar: gzip.compress(tar + END)[:-4], "are cut off"),
    "no checksum": (lambda tar: gzip.compress(tar + END)[:-8], "are cut off"),
    "a wrong checksum": (
        lambda tar: gzip.compress(tar + END)[:-8] + bytes(4) + gzip.compress(tar + END)[-4:],
        "cannot be read: Error -3",
    ),
    "a wrong length": (
        lambda tar: gzip.compress(tar + END)[:-4] + bytes(4),
        "cannot be read: Error -3",
    ),
    "no gzip file": (lambda tar: tar + END, "cannot be read: Error -3"),
    "a zlib stream": (lambda tar: zlib.compress(tar + END), "cannot be read: Error -3"),
}


@pytest.mark.parametrize("name", ENDS)
def test_archives_are_read_to_their_last_byte(name: str, tar: bytes, tmp_path: Path) -> None:
    change, words = ENDS[name]
    assert words in refusal(tmp_path, change(tar))


def test_every_missing_byte_is_noticed(packed: Path) -> None:
    whole = packed.read_bytes()
    for length in range(len(whole)):
        with pytest.raises(Exception, match=r"cut off|cannot be read|ends in the middle"):
            packed_members(io.BytesIO(whole[:length]))


# The same file for all examples, which only its tests read.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10**6), value=st.integers(1, 255))
def test_every_changed_byte_is_noticed_or_changes_nothing(
    packed: Path, tmp_path: Path, position: int, value: int
) -> None:
    content = bytearray(packed.read_bytes())
    content[position % len(content)] ^= value
    path = tmp_path / "changed.tar.gz"
    path.write_bytes(content)
    expected = read(packed).contents
    try:
        found: Mapping[str, bytes] = read(path).contents
    except InputError:
        return
    # gzip's time and name of the system are in no checksum.
    assert position % len(content) < 10
    assert found == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    blocks=st.lists(
        st.binary(max_size=600)
        | st.builds(
            header,
            name=st.binary(max_size=20),
            kind=st.sampled_from([b"0", b"5", b"x", b"g", b"L", b"S", b"\0"]),
            size=st.sampled_from([b"0", b"1", b"1000", b"\x80\0\0\0\0\0\0\0\0\0\0\1"]),
        ),
        max_size=6,
    ),
    compress=st.booleans(),
)
def test_any_bytes_are_read_or_refused(
    tmp_path: Path, blocks: list[bytes], *, compress: bool
) -> None:
    content = b"".join(blocks) + END
    refusal(tmp_path, gzip.compress(content) if compress else content)


@pytest.mark.parametrize("extended", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_other_programs_archives_of_the_same_members_are_read(
    packed: Path, tmp_path: Path, extended: int
) -> None:
    """With folders, and in PAX_FORMAT with times in extended headers."""
    contents = read(packed).contents
    for name, content in contents.items():
        (tmp_path / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / name).write_bytes(content)
        os.utime(tmp_path / "model" / name, (1.5, 1.5))
    path = tmp_path / "again.tar.gz"
    with tarfile.open(path, "w:gz", format=extended) as tar:
        for entry in sorted((tmp_path / "model").iterdir()):
            tar.add(entry, entry.name)
    assert read(path).contents == contents
    assert read(tmp_path / "model").contents == contents


# Limits


def test_nested_folders_are_refused_before_they_are_read(tmp_path: Path) -> None:
    folders = b"".join(header(name=b"1/%d/" % number, kind=b"5") for number in range(201))
    # What follows the 201st is damaged, and never reached.
    assert "contains more than 200 members" in refusal(
        tmp_path, gzip.compress(folders) + b"damaged"
    )


def test_extended_headers_count_as_members(tmp_path: Path) -> None:
    headers = member(record(b"mtime", b"1.5"), kind=b"x") * 201
    assert "contains more than 200 members" in refusal(tmp_path, gzip.compress(headers))


def test_zeros_after_the_end_are_limited(
    tar: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 2**20
    monkeypatch.setattr("convbias.shipping.export.members.LARGEST_TOTAL", limit)
    zeros = bytes(limit - len(tar) - len(END))
    path = tmp_path / "padded.tar.gz"
    path.write_bytes(gzip.compress(tar + END + zeros))
    read(path)
    assert "contains more than 1 MiB" in refusal(tmp_path, gzip.compress(tar + END + zeros + b"\0"))


def test_compressed_bytes_without_content_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convbias.shipping.export.members.LARGEST_TOTAL", 2**20)
    empty = b"\0\0\0\xff\xff"  # a stored block of deflate, of no bytes
    start = gzip.compress(b"")[:10]
    assert "contains more than 1 MiB" in refusal(tmp_path, start + empty * 300_000)


def test_reading_has_a_time_limit(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convbias.shipping.export.members.MOST_SECONDS", -1.0)
    with pytest.raises(InputError, match="takes more than -1 seconds"):
        read(packed)


# Folders of unpacked archives, and exports


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    with unpacked(read(packed)) as temporary:
        return temporary.rename(tmp_path / "model")


def test_a_folder_is_served_as_it_was_verified(folder: Path) -> None:
    archive = read(folder)
    (folder / "code" / "inference.py").write_text("raise SystemExit")
    (folder / "model.onnx").unlink()
    with unpacked(archive) as served:
        for name, content in archive.contents.items():
            assert (served / name).read_bytes() == content


def many(folder: Path) -> None:
    for number in range(201):
        (folder / "1" / str(number)).touch()


def deep(folder: Path) -> None:
    (folder / "1" / "a/a/a/a/a/a/a/a/a").mkdir(parents=True)


def large(folder: Path) -> None:
    with (folder / "1" / "large").open("wb") as file:
        file.truncate(100 * 2**20 + 1)  # without blocks on the disk


def several_large(folder: Path) -> None:
    for name in "abc":
        with (folder / "1" / name).open("wb") as file:
            file.truncate(70 * 2**20)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (lambda folder: os.mkfifo(folder / "1" / "pipe"), "neither a regular file"),
    "link": (lambda folder: (folder / "1" / "link").symlink_to("/dev/zero"), "neither a regular"),
    "linked folder": (lambda folder: (folder / "2").symlink_to("1"), "neither a regular file"),
    "controls": (lambda folder: (folder / "1" / "\x1b[2J").touch(), "unprintable characters"),
    "not UTF-8": (
        lambda folder: os.close(os.open(os.fsencode(folder) + b"/1/\xff", os.O_CREAT)),
        "unprintable characters",
    ),
    "long": (lambda folder: (folder / "1" / ("x" * 200)).touch(), "which is too long"),
    "many": (many, "more than 200 members"),
    "deep": (deep, "more than 8 folders deep"),
    "large": (large, "'1/large' of more than 104,857,600 bytes"),
    "several large": (several_large, "contains more than 200 MiB"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_folders_have_the_same_limits(name: str, folder: Path, tmp_path: Path) -> None:
    change, words = CHANGES[name]
    change(folder)
    with pytest.raises(InputError) as refused:
        read(folder)
    assert words in refused.value.what
    # An export is read with the same rules.
    export = write_export(tmp_path / "export")
    change(export)
    with pytest.raises(InputError) as refused:
        pack(export, tmp_path / "new.tar.gz")
    assert words in refused.value.what
    assert not (tmp_path / "new.tar.gz").exists()


@pytest.mark.parametrize("command", [["package", "verify"], ["serve"], ["predict", "--archive"]])
def test_pipes_and_devices_are_no_archives(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero")):
        more = ["./x.npy"] if command[0] == "predict" else []
        assert main([*command, str(path), *more]) == 2
        assert "is not a file" in capsys.readouterr().err


def test_controls_in_texts_do_not_reach_the_terminal(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "\x1b[31mred\x9b.tar.gz"
    path.write_bytes(packed.read_bytes())
    assert main(["package", "verify", str(path)]) == 0
    said = capsys.readouterr().out
    assert "␛[31mred" in said
    assert not {"\x1b", "\x9b"} & set(said)
    contents = dict(read(packed).contents)
    contents["\x1b[2J"] = b""
    assert main(["package", "verify", str(write_archive(path, contents))]) == 2
    assert not {"\x1b", "\x9b"} & set(capsys.readouterr().err)
