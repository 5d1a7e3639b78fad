"""Archives for serving: an export with its inference code and checksums.

Archives are read as untrusted input. Only regular files of the known layout and limited size are
read, into memory, and all checks pass before the first byte is written to disk.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from pydantic import Field, ValidationError

from convbias.errors import InputError, StorageError
from convbias.runs.atomic import write_atomically
from convbias.shipping.export.members import (
    InvalidArchiveError,
    packed_members,
    unpacked_members,
)
from convbias.shipping.export.signature import signature_of
from convbias.spec.description import Description
from convbias.spec.files import open_file

RECORD = "export.json"  # identifies an export; other folders are never replaced
MANIFEST = "archive.json"  # Multi Model Server expects its own format in a manifest.json
REQUIRED = ("1/saved_model.pb", "model.onnx", "code/inference.py", "code/labels.json", MANIFEST)
# Maps of convolutions, and what inference.py takes; archives of earlier versions lack the latter.
OPTIONAL = ("model-maps.onnx", "code/images.json")
LAYOUT = (
    "1/ (a TensorFlow SavedModel), model.onnx, code/inference.py, code/labels.json and"
    f" {MANIFEST}, regular files without links"
)
_LARGEST_MANIFEST = 2**20  # bytes


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
    try:
        contents = unpacked_members(export_folder)
        identity = json.loads(contents.pop(RECORD))
    except (InvalidArchiveError, StorageError, ValueError, LookupError) as error:
        if isinstance(error, StorageError) and export_folder.is_dir():
            raise
        what = error.what if isinstance(error, StorageError) else error
        raise InputError(
            f"{export_folder} is not an export: {what}",
            f"a folder with {RECORD}, written by `convbias export`",
            "export a run first",
        ) from error
    signature = signature_of(identity)
    contents |= {
        "code/inference.py": code,
        "code/labels.json": _json(signature.class_names),
        "code/images.json": _json(asdict(signature.form)),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = Manifest(identity=identity, sha256=dict(sorted(sums.items())))
    contents[MANIFEST] = (manifest.model_dump_json(indent=2) + "\n").encode()
    try:
        packed = _compressed(contents)
    except InvalidArchiveError as error:
        raise _refused(path, str(error)) from error
    archive = _read(path, io.BytesIO(packed))  # nothing is written that could not be read
    write_atomically(path, lambda file: file.write_bytes(packed))
    return archive


def _json(value: object) -> bytes:
    return (json.dumps(value) + "\n").encode()


def _compressed(contents: Mapping[str, bytes]) -> bytes:
    """A .tar.gz file that depends only on the contents, not on time, machine or user."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed,
        tarfile.open(
            fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8"
        ) as tar,
    ):
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(contents[name]), 0o644
            try:
                tar.addfile(member, io.BytesIO(contents[name]))
            except ValueError as error:
                raise InvalidArchiveError(f"contains {name!r}, which is too long") from error
    return buffer.getvalue()


def read(path: Path) -> Archive:
    """Read and verify an archive; nothing is written.

    Args:
        path: .tar.gz file, or folder of an unpacked archive.

    Raises:
        InputError: It is not a valid archive, or a checksum is wrong.
        StorageError: It does not exist, or may not be read.
    """
    if not path.is_dir():
        with open_file(path) as file:
            return _read(path, file)
    try:
        contents = unpacked_members(path)
        checksum = hashlib.sha256(_compressed(contents)).hexdigest()
    except InvalidArchiveError as error:
        raise _refused(path, str(error)) from error
    return _verified(path, contents, checksum)


def _read(path: Path, file: IO[bytes]) -> Archive:
    """Read and verify an archive file; `path` is its name."""
    try:
        contents, checksum = packed_members(file)
    except InvalidArchiveError as error:
        raise _refused(path, str(error)) from error
    return _verified(path, contents, checksum)


def _verified(path: Path, contents: Mapping[str, bytes], checksum: str) -> Archive:
    try:
        _check_layout(contents)
        manifest = Manifest.model_validate_json(contents[MANIFEST])
    except InvalidArchiveError as error:
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
            raise _refused(path, f"has a wrong or missing checksum of {name!r:.200}")
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


def _check_layout(contents: Mapping[str, bytes]) -> None:
    missing = [name for name in REQUIRED if name not in contents]
    if missing:
        raise InvalidArchiveError(f"lacks {', '.join(missing)}")
    allowed = (*REQUIRED, *OPTIONAL)
    unexpected = [name for name in contents if name not in allowed and not name.startswith("1/")]
    if unexpected:
        raise InvalidArchiveError(f"contains unexpected members: {', '.join(sorted(unexpected))}")
    if len(contents[MANIFEST]) > _LARGEST_MANIFEST:
        raise InvalidArchiveError(f"has an {MANIFEST} of more than a megabyte")


def _refused(path: Path, what: str) -> InputError:
    return InputError(f"{path} {what}", LAYOUT, "pack it with `convbias package`")
