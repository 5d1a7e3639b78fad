"""Describe the machine, the libraries and the code version of a run."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from convbias import __version__
from convbias.runs.record import Environment

RELEVANT_DISTRIBUTIONS = ("convbias", "jax", "jaxlib", "keras", "numpy", "scipy")


@lru_cache(maxsize=1)
def describe_machine(threads: int) -> Environment:
    """Describe this process's machine and library versions.

    Args:
        threads: How many threads a run may use.
    """
    import jax

    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=threads,
        accelerator=jax.devices()[0].device_kind,
        versions={name: version(name) for name in RELEVANT_DISTRIBUTIONS},
    )


def peak_memory_bytes() -> int:
    """Peak resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count the parent's memory, from before the worker called exec.
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@lru_cache(maxsize=1)
def code_version() -> str:
    """Version of the package, with the commit where it runs from a checkout.

    A trailing `+` means that the package had uncommitted changes.
    """
    folder = Path(__file__).parents[1]
    try:
        if _git(folder, "rev-parse", "--show-prefix") != "src/convbias/":
            return __version__  # installed inside another project's checkout
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{__version__} ({commit}{'+' if changed else ''})"


def _git(folder: Path, *arguments: str) -> str:
    # Without optional locks, so that a training in the background never blocks a commit.
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
