"""Write archives, also such that must be refused."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_archive(
    path: Path, contents: Mapping[str, bytes], more: Sequence[tarfile.TarInfo] = ()
) -> Path:
    """Write an archive without any check.

    Args:
        path: the archive.
        contents: member name to its bytes.
        more: further members of any kind, filled with x.
    """
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path
