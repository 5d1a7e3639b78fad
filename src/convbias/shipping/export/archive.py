"""Archives for serving: an export with its inference code and checksums.

Archives are read as untrusted input. Only regular files of the known layout and limited size are
read, into memory, and all checks pass before the first byte is written to disk. (`tarfile`'s own
extraction filters can be escaped by chains of symbolic links.)
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic import Field, ValidationError

from convbias.errors import InputError, StorageError
from convbias.runs.atomic import write_atomically
from convbias.spec.description import Description
from convbias.spec.files import open_file, read_file, refused

RECORD = "export.json"  # identifies an export; other folders are never replaced
MANIFEST = "archive.json"  # Multi Model Server expects its own format in a manifest.json
REQUIRED = ("1/saved_model.pb", "model.onnx", "code/inference.py", "code/labels.json", MANIFEST)
LAYOUT = (
    "1/ (a TensorFlow SavedModel), model.onnx, code/inference.py, code/labels.json and"
    f" {MANIFEST}, regular files without links"
)
MOST_MEMBERS = 200
LARGEST_MEMBER = 100 * 2**20  # bytes
LARGEST_TOTAL = 200 * 2**20
_CHUNK = 2**16
_LARGEST_HEADER = 2**20  # tarfile reads headers with long names at once


class Manifest(Description, frozen=True):
    """The archived run, and the checksums of the members."""

    format: int = Field(default=1, ge=1, le=1)
    identity: dict[str, Any] = Field(description="The record of `convbias export`.")
    sha256: dict[str, str] = Field(description="Member name to its SHA-256, without this member.")


@dataclass(frozen=True, eq=False)
class Archive:
    """A verified archive.

    Args:
        path: the archive file, or the folder of an unpacked archive.
        sha256: SHA-256 of the archive file; for a folder, that of the file packed from it.
        manifest: the verified manifest.
        contents: member name to its bytes.
    """

    path: Path
    sha256: str
    manifest: Manifest
    contents: Mapping[str, bytes]


def pack(export_folder: Path, path: Path) -> Archive:
    """Pack an export reproducibly: the same export gives the same bytes.

    Args:
        export_folder: folder written by `convbias.shipping.export.exporting.export`.
        path: archive file; an existing file is replaced.

    Raises:
        InputError: The folder is not an export.
        StorageError: The archive cannot be written.
    """
    code = files("convbias.shipping.export").joinpath("inference.py").read_bytes()
    contents = {"code/inference.py": code}
    try:
        identity = json.loads((export_folder / RECORD).read_bytes())
        contents["code/labels.json"] = (json.dumps(identity["output"]["classes"]) + "\n").encode()
        for file in sorted(export_folder.rglob("*")):
            name = file.relative_to(export_folder).as_posix()
            if file.is_file() and name != RECORD:
                contents[name] = file.read_bytes()
    except PermissionError as error:
        raise refused(Path(error.filename), error) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{export_folder} is not an export: {error}",
            f"a folder with {RECORD}, written by `convbias export`",
            "export a run first",
        ) from error
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = Manifest(identity=identity, sha256=dict(sorted(sums.items())))
    contents[MANIFEST] = (manifest.model_dump_json(indent=2) + "\n").encode()
    _check_layout(contents)
    write_atomically(path, lambda file: file.write_bytes(_compressed(contents)))
    return read(path)


def _compressed(contents: Mapping[str, bytes]) -> bytes:
    """A .tar.gz file that depends only on the contents, not on time, machine or user."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(contents[name]), 0o644
            tar.addfile(member, io.BytesIO(contents[name]))
    return buffer.getvalue()


def read(path: Path) -> Archive:
    """Read and verify an archive; nothing is written.

    Args:
        path: .tar.gz file, or folder of an unpacked archive.

    Raises:
        InputError: It is not a valid archive, or a checksum is wrong.
        StorageError: It does not exist, or may not be read.
    """
    try:
        if path.is_dir():
            contents = dict(_unpacked_members(path))
            checksum = hashlib.sha256(_compressed(contents)).hexdigest()
        else:
            with open_file(path) as file:
                checksum = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                contents = dict(_members(file))
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError) as error:
        raise _refused(path, f"cannot be read: {error}") from error
    except _InvalidArchiveError as error:
        raise _refused(path, str(error)) from error
    try:
        _check_layout(contents)
        manifest = Manifest.model_validate_json(contents[MANIFEST])
    except _InvalidArchiveError as error:
        raise _refused(path, str(error)) from error
    except ValidationError as error:
        raise _refused(path, f"has an invalid {MANIFEST}") from error
    found = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in contents.items()
        if name != MANIFEST
    }
    for name in sorted(found.keys() | manifest.sha256.keys()):
        if found.get(name) != manifest.sha256.get(name):
            raise _refused(path, f"has a wrong or missing checksum of {name}")
    return Archive(path, checksum, manifest, contents)


def unpack(archive: Archive, folder: Path) -> None:
    """Write a verified archive's members into a new folder.

    Args:
        archive: archive from `read`.
        folder: folder that does not exist yet.

    Raises:
        InputError: The folder exists.
        StorageError: The folder cannot be written; incomplete files are removed.
    """
    if folder.exists():
        raise InputError(
            f"{folder} exists", "a folder that does not exist yet", "choose another folder"
        )
    temporary: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        for name, content in archive.contents.items():
            target = temporary / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        temporary.chmod(0o755)
        temporary.replace(folder)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror or error}",
            "a writable folder with free space",
            "choose another folder, or free disk space",
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


class _InvalidArchiveError(Exception):
    """The archive violates a rule; the message continues the sentence "ARCHIVE ..."."""


class _Limited(io.RawIOBase):
    """A decompressing reader that limits the total size and the size of a single read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = gzip.GzipFile(fileobj=file, mode="rb")
        self._read = 0

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _LARGEST_HEADER:
            raise _InvalidArchiveError("has a header of more than a megabyte")
        part = self._file.read(size)
        self._read += len(part)
        if self._read > LARGEST_TOTAL:
            raise _InvalidArchiveError(f"contains more than {LARGEST_TOTAL // 2**20} MiB")
        return part

    def seek(self, offset: int, whence: int = 0, /) -> int:
        # Forwards only, by reading, so that skipped bytes count as well.
        if whence != 0 or offset < self._read:
            raise _InvalidArchiveError("cannot be read sequentially")
        while self._read < offset and self.read(min(_CHUNK, offset - self._read)):
            pass
        return self._read

    def tell(self) -> int:
        return self._read


def _members(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each member."""
    seen: set[str] = set()
    with tarfile.open(fileobj=_Limited(file), mode="r:") as tar:
        for member in tar:
            _check_member(member)
            if member.isdir():
                continue
            if member.name in seen:
                raise _InvalidArchiveError(f"contains {member.name!r} twice")
            seen.add(member.name)
            if len(seen) > MOST_MEMBERS:
                raise _InvalidArchiveError(f"contains more than {MOST_MEMBERS} members")
            taken = tar.extractfile(member)
            content = b"".join(iter(partial(taken.read, _CHUNK), b"")) if taken else b""
            if len(content) != member.size:
                raise _InvalidArchiveError(f"ends in the middle of {member.name!r}")
            yield member.name, content


def _unpacked_members(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each member of an unpacked archive, with the same rules."""
    total = 0
    for number, file in enumerate(sorted(folder.rglob("*")), start=1):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise _InvalidArchiveError(
                f"contains {name!r}, which is neither a regular file nor a folder"
            )
        if number > MOST_MEMBERS:
            raise _InvalidArchiveError(f"contains more than {MOST_MEMBERS} members")
        if file.is_dir():
            continue
        total += file.stat().st_size
        if total > LARGEST_TOTAL:
            raise _InvalidArchiveError(f"contains more than {LARGEST_TOTAL // 2**20} MiB")
        yield name, read_file(file)


def _check_member(member: tarfile.TarInfo) -> None:
    name = member.name
    if member.issym() or member.islnk():
        raise _InvalidArchiveError(f"contains a link, {name!r} to {member.linkname!r}")
    regular = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    if not regular and not member.isdir():
        raise _InvalidArchiveError(
            f"contains {name!r}, which is neither a regular file nor a folder"
        )
    path = PurePosixPath(name)
    odd = "\\" in name or "\0" in name or path.as_posix() != name
    if path.is_absolute() or ".." in path.parts or odd:
        raise _InvalidArchiveError(f"contains {name!r}, whose path leads outside")
    if member.size > LARGEST_MEMBER:
        raise _InvalidArchiveError(f"contains {name!r} of {member.size:,} bytes")


def _check_layout(contents: Mapping[str, bytes]) -> None:
    missing = [name for name in REQUIRED if name not in contents]
    if missing:
        raise _InvalidArchiveError(f"lacks {', '.join(missing)}")
    allowed = (*REQUIRED, "model-maps.onnx")
    unexpected = [name for name in contents if name not in allowed and not name.startswith("1/")]
    if unexpected:
        raise _InvalidArchiveError(f"contains unexpected members: {', '.join(sorted(unexpected))}")


def _refused(path: Path, what: str) -> InputError:
    return InputError(f"{path} {what}", LAYOUT, "pack it with `convbias package`")
