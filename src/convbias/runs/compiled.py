"""Compiled programs that are kept for later processes: JAX's persistent cache."""

from __future__ import annotations

import hashlib
import os
import platform
import warnings
from contextlib import suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

MOST_BYTES = 256 * 2**20  # JAX then forgets what was not used for the longest time
LEAST_SECONDS = 0.1  # of compiling, below which reading gains nothing

FOLDER = "JAX_COMPILATION_CACHE_DIR"


def cache_variables() -> dict[str, str]:
    """Environment variables with which JAX keeps what it compiles in the user's cache folder.

    Returns:
        No variable where the user has chosen a folder, which is used as it is.
    """
    if FOLDER in os.environ:
        return {}
    folder = Path(platformdirs.user_cache_dir("convbias")) / "compiled" / processor_name()
    _remove_unfinished(folder)
    return {
        FOLDER: str(folder),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(MOST_BYTES),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": str(LEAST_SECONDS),
    }


def ignore_cache_errors() -> None:
    """Let JAX compile, without a warning, what it cannot read or write."""
    for verb in ("reading", "writing"):
        warnings.filterwarnings(
            "ignore", message=f"Error {verb} persistent compilation cache entry"
        )


def processor_name() -> str:
    """A name that processors share only if they have the same instructions.

    Machines may share a home, and a program for one processor may end another's process.
    """
    described = [platform.machine(), platform.processor()]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kinds = ("flags", "Features", "model name", "CPU part")
        described += sorted({line for line in lines if line.startswith(kinds)})
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:12]


def _remove_unfinished(folder: Path) -> None:
    """Remove programs that a killed process did not write to their end.

    JAX writes the time of use after the program, and would take no other program in its place.
    """
    if not folder.is_dir():
        return
    with suppress(OSError, Timeout), FileLock(folder / ".lockfile", timeout=1):
        for program in folder.glob("*-cache"):
            if not program.with_name(f"{program.name.removesuffix('-cache')}-atime").exists():
                program.unlink()
