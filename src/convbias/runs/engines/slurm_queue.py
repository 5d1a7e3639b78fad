"""Slurm's commands for jobs that were submitted: their states, and how they are cancelled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_ANSWER = 60
SECONDS_TO_END = 60


def queued(identifiers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Identifier of each task that has not ended to its state and the reason for it."""
    known = set(identifiers)
    arrays = sorted({each.partition("_")[0] for each in known})
    command = ["squeue", "--noheader", "--array", "--format=%i|%T|%r", f"--jobs={','.join(arrays)}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=False
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(known, ("RUNNING", ""))
    if done.returncode:
        if "Invalid job id" in done.stderr:
            return {}  # they ended long ago
        # The scheduler does not answer at present, so nothing is known to have ended.
        return dict.fromkeys(known, ("RUNNING", ""))
    rows = (line.split("|", 2) for line in done.stdout.splitlines())
    return {identifier: (state, reason) for identifier, state, reason in rows}


def scancel(identifiers: Iterable[str]) -> None:
    """Cancel the arrays that tasks belong to."""
    arrays = sorted({each.partition("_")[0] for each in identifiers})
    if arrays:
        with suppress(subprocess.TimeoutExpired, FileNotFoundError):
            subprocess.run(
                ["scancel", *arrays], capture_output=True, timeout=SECONDS_TO_ANSWER, check=False
            )


def wait_for_end(
    identifiers: Sequence[str], states: Callable[[Sequence[str]], Mapping[str, object]]
) -> None:
    """Wait until tasks have ended, but not for ever: a machine may be unreachable."""
    started = time.monotonic()
    while identifiers and states(identifiers) and time.monotonic() - started < SECONDS_TO_END:
        time.sleep(SECONDS_BETWEEN_LOOKS)
