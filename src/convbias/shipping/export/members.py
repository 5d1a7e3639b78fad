"""Read the members of archives as untrusted input: whole, and within limits.

Only what `pack` writes is accepted, and folders and times that other programs add. Extensions of
the format, such as long names, sparse files or sizes beside the header, are refused, because
programs disagree about them: what was verified here could be something else in a container.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tarfile
import time
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from convbias.spec.files import refused

MOST_MEMBERS = 200  # with folders and extended headers
LARGEST_MEMBER = 100 * 2**20  # bytes
LARGEST_TOTAL = 200 * 2**20  # also of the compressed file
DEEPEST = 8  # folders in a name
MOST_SECONDS = 60.0

_CHUNK = 2**16
_LARGEST_HEADER = 2**20  # bytes of an extended header
_GZIP = 31  # zlib's number for a gzip header and its checksum
_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")
_HARMLESS = {b"atime", b"comment", b"ctime", b"gid", b"gname", b"mtime", b"uid", b"uname"}


class InvalidArchiveError(Exception):
    """The archive violates a rule; the message continues the sentence "ARCHIVE ..."."""


def packed_members(file: IO[bytes]) -> tuple[dict[str, bytes], str]:
    """Read a .tar.gz file to its last byte.

    Args:
        file: The file, at its beginning.

    Returns:
        Member name to its bytes, and the SHA-256 of the file.

    Raises:
        InvalidArchiveError: It is damaged, incomplete, or violates a rule.
    """
    stream = _Decompressed(file)
    contents: dict[str, bytes] = {}
    folders: set[str] = set()
    count = 0
    while any(block := stream.read(tarfile.BLOCKSIZE)):
        count += 1
        _check_count(count)
        member = _member(block)
        if member.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            _check_extended(_content(stream, member, _LARGEST_HEADER))
            continue
        _check_member(member)
        if member.isdir():
            folders.add(member.name)
            continue
        if member.name in contents:
            raise InvalidArchiveError(f"contains {member.name!r} twice")
        contents[member.name] = _content(stream, member, LARGEST_MEMBER)
    stream.finish()
    _check_folders(contents, folders)
    return contents, stream.sha256.hexdigest()


def unpacked_members(folder: Path) -> dict[str, bytes]:
    """Read the members of an unpacked archive, with the same rules.

    Args:
        folder: The folder.

    Returns:
        Member name to its bytes.

    Raises:
        InvalidArchiveError: The folder violates a rule.
        StorageError: The system does not let it be read.
    """
    names: list[str] = []
    pending = [folder]
    count = total = 0
    while pending:
        for path in _entries(pending.pop()):
            count += 1
            _check_count(count)
            name = path.relative_to(folder).as_posix()
            _check_name(name)
            if path.is_dir() and not path.is_symlink():
                pending.append(path)
            else:
                names.append(name)
    contents = {}
    for name in sorted(names):
        contents[name] = _regular_file(folder / name, name)
        total += len(contents[name])
        _check_total(total)
    return contents


class _Decompressed:
    """Reads a gzip file with limits of size and time, and computes its checksum.

    Args:
        file: the compressed file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.sha256 = hashlib.sha256()
        self._file = file
        self._stream = zlib.decompressobj(_GZIP)
        self._buffer = bytearray()
        self._compressed = self._total = 0
        self._started = time.monotonic()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._buffer) < size:
            part = self._part()
            if not part:
                raise InvalidArchiveError("ends in the middle of a member, or lacks its end mark")
            self._buffer += part
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def finish(self) -> None:
        """Check that nothing follows the end of the members: zeros, then the checksum, no more."""
        if any(self.read(tarfile.BLOCKSIZE)):  # the end mark is two blocks of zeros
            raise InvalidArchiveError("lacks its end mark")
        rest = bytes(self._buffer)
        while not any(rest):
            rest = self._part()
            if not rest:
                break
        if any(rest):
            raise InvalidArchiveError("has data after its end mark")
        if self._stream.unused_data or self._compressed_part():
            raise InvalidArchiveError("has bytes after its compressed data")

    def _part(self) -> bytes:
        """The next decompressed bytes; none at the end, whose checksum is then verified."""
        while not self._stream.eof:
            compressed = self._stream.unconsumed_tail or self._compressed_part()
            try:
                part = self._stream.decompress(compressed, _CHUNK)
            except zlib.error as error:
                raise InvalidArchiveError(f"cannot be read: {error}") from error
            self._total += len(part)
            _check_total(self._total)
            if part:
                return part
            if not compressed and not self._stream.eof:
                raise InvalidArchiveError("cannot be read: its compressed data are cut off")
        return b""

    def _compressed_part(self) -> bytes:
        if time.monotonic() - self._started > MOST_SECONDS:
            raise InvalidArchiveError(f"takes more than {MOST_SECONDS:g} seconds to read")
        part = self._file.read(_CHUNK)
        self.sha256.update(part)
        self._compressed += len(part)
        _check_total(self._compressed)
        return part


def _member(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise InvalidArchiveError(f"cannot be read: {error}") from error


def _content(stream: _Decompressed, member: tarfile.TarInfo, most: int) -> bytes:
    if most == _LARGEST_HEADER < member.size:
        raise InvalidArchiveError("has a header of more than a megabyte")
    if not 0 <= member.size <= most:
        raise InvalidArchiveError(f"contains {member.name!r} of {member.size:,} bytes")
    content = stream.read(member.size)
    if any(stream.read(-member.size % tarfile.BLOCKSIZE)):
        raise InvalidArchiveError(f"has data between {member.name!r} and the next member")
    return content


def _check_extended(records: bytes) -> None:
    """Check that an extended header sets only what does not matter here."""
    position = 0
    while position < len(records):
        found = _RECORD.match(records, position)
        end = position + int(found[1]) if found else 0
        if (
            found is None
            or not found.end() < end <= len(records)
            or records[end - 1 : end] != b"\n"
        ):
            raise InvalidArchiveError("has an extended header that cannot be read")
        if found[2] not in _HARMLESS:
            key = found[2].decode("utf-8", "replace")
            raise InvalidArchiveError(f"has an extended header for {key!r:.200}")
        position = end


def _check_member(member: tarfile.TarInfo) -> None:
    name = member.name
    if member.issym() or member.islnk():
        raise InvalidArchiveError(f"contains a link, {name!r} to {member.linkname!r}")
    if not member.isdir() and member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise InvalidArchiveError(
            f"contains {name!r}, which is neither a regular file nor a folder"
        )
    if member.isdir() and member.size:
        raise InvalidArchiveError(f"contains the folder {name!r} of {member.size:,} bytes")
    _check_name(name)


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    odd = "\\" in name or not name or path.as_posix() != name
    if path.is_absolute() or ".." in path.parts or odd:
        raise InvalidArchiveError(f"contains {name!r}, whose path leads outside")
    if not name.isprintable():
        raise InvalidArchiveError(f"contains {name!r}, whose name has unprintable characters")
    if len(path.parts) > DEEPEST + 1:
        raise InvalidArchiveError(f"contains {name!r}, which is more than {DEEPEST} folders deep")


def _check_count(count: int) -> None:
    if count > MOST_MEMBERS:
        raise InvalidArchiveError(f"contains more than {MOST_MEMBERS} members")


def _check_total(size: int) -> None:
    if size > LARGEST_TOTAL:
        raise InvalidArchiveError(f"contains more than {LARGEST_TOTAL // 2**20} MiB")


def _check_folders(contents: dict[str, bytes], folders: set[str]) -> None:
    """Check that no file is where another member needs a folder."""
    needed = {str(parent) for name in contents for parent in PurePosixPath(name).parents}
    for name in sorted((needed | folders) & contents.keys()):
        raise InvalidArchiveError(f"contains {name!r} as a file and as a folder")


def _entries(folder: Path) -> list[Path]:
    """At most one entry more than allowed, so that a folder of millions is not listed."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(Path(entry.path))
                if len(found) > MOST_MEMBERS:
                    break
    except OSError as error:
        raise refused(folder, error) from error
    return found


def _regular_file(path: Path, name: str) -> bytes:
    """The content of a file, which was neither a link nor a pipe when it was opened."""
    if path.is_symlink() or not path.is_file():
        raise InvalidArchiveError(
            f"contains {name!r}, which is neither a regular file nor a folder"
        )
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidArchiveError(f"contains {name!r}, which has become another file")
            content = file.read(LARGEST_MEMBER + 1)
    except OSError as error:
        raise refused(path, error) from error
    if len(content) > LARGEST_MEMBER:
        raise InvalidArchiveError(f"contains {name!r} of more than {LARGEST_MEMBER:,} bytes")
    return content
