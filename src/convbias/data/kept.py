"""Arrays that take seconds to compute, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
import platformdirs

ArraysByName = Mapping[str, np.ndarray]


def kept(
    name: str, depends_on: Sequence[str], sources: Sequence[str], make: Callable[[], ArraysByName]
) -> ArraysByName:
    """Read arrays from the user's cache, or compute and keep them.

    Args:
        name: what they are, for the file's name.
        depends_on: texts that change with all data and libraries that they depend on.
        sources: modules that they depend on, as paths below the package; a change of one of them
            computes the arrays anew.
        make: computes them.
    """
    digest = hashlib.sha256("\n".join(depends_on).encode())
    for source in sources:
        digest.update(resources.files("convbias").joinpath(source).read_bytes())
    folder = Path(platformdirs.user_cache_dir("convbias"))
    path = folder / f"{name}-{digest.hexdigest()[:12]}.npz"
    try:
        # NumPy verifies the checksum of each array, but leaves a damaged file open.
        with path.open("rb") as opened, np.load(opened) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        arrays = make()
    with suppress(OSError):  # the next process computes them again
        _keep(path, arrays)
    return arrays


def _keep(path: Path, arrays: ArraysByName) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        # NumPy annotates its one option like the arrays.
        np.savez(unfinished, **arrays)  # pyright: ignore[reportArgumentType]
        unfinished.replace(path)
