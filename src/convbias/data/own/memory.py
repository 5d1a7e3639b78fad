"""Whether images fit into memory, before they are read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from convbias.errors import InputError

# One copy is in use while another is made: of the grey ones, of the test images, of the cached set.
COPIES = 2


def check_memory(images: int, side: int, held: int = 0) -> None:
    """Refuse to read more images than there is memory for.

    Args:
        images: How many images are read.
        side: Pixels per side, of three channels: only decoded images are known to be grey.
        held: Bytes that the source itself takes while it is read.

    Raises:
        InputError: They need more than is available.
    """
    needed = COPIES * images * side**2 * 3 + held
    _check(
        needed,
        f"to decode {images:,} images to {side} x {side} pixels needs",
        "choose a smaller --side, or read fewer images with --most-images",
    )


def check_file_fits(path: Path, size: int) -> None:
    """Refuse to read a file whose content does not fit into memory.

    Args:
        path: The file.
        size: Bytes of its content, by its header.

    Raises:
        InputError: It needs more than is available.
    """
    _check(
        COPIES * size,
        f"what {path} holds needs",
        "write fewer images to the file, as whole numbers of 8 bits",
    )


def _check(needed: int, what: str, fix: str) -> None:
    free = available_memory()
    if free is not None and needed > free:
        raise InputError(
            f"{what} about {needed / 1e9:,.1f} GB of memory",
            f"at most the {free / 1e9:,.1f} GB that are available",
            fix,
        )


def available_memory() -> int | None:
    """Bytes that this process can still use without swapping; None where that is unknown."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        [kibibytes] = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
        return min((int(kibibytes) * 1_024, *_limits()))
    with suppress(OSError, ValueError, AttributeError):  # macOS does not say what is available
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _limits() -> tuple[int, ...]:
    """What the control group, such as a container's, leaves of its limit, where it has one."""
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        most = int((group / "memory.max").read_text("ascii"))
        return (most - int((group / "memory.current").read_text("ascii")),)
    return ()
