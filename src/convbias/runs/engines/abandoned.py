"""Jobs of Slurm that outlive their command: they are noted, and found again when it was killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from convbias.runs.atomic import write_atomically
from convbias.runs.engines.slurm_queue import queued, scancel, wait_for_end

Cluster = Literal["slurm", "local"]

JOBS_PREFIX = "jobs-"  # followed by the process identifier of the command
NOTE = "jobs.json"  # in the folder of a command's jobs: their identifiers


def jobs_folder(folder: Path) -> Path:
    """The folder of this command's jobs.

    Args:
        folder: of the store.
    """
    return folder / f"{JOBS_PREFIX}{os.getpid()}"


def note_jobs(jobs: Path, cluster: Cluster, identifiers: Sequence[str]) -> None:
    """Write down the jobs of this command, for the next one in case that this one is killed.

    Args:
        jobs: folder of this command's jobs.
        cluster: how submitit names it.
        identifiers: of the jobs.
    """
    text = json.dumps({"cluster": cluster, "jobs": list(identifiers)})
    write_atomically(jobs / NOTE, lambda file: file.write_text(text))


def end_abandoned(jobs: Path) -> bool:
    """End the jobs of a command that was killed, and remove their folder.

    Args:
        jobs: folder of that command's jobs.

    Returns:
        Whether none of them goes on. Where Slurm's commands are missing they are left alone, with
        their folder.
    """
    with suppress(OSError, ValueError, KeyError):
        kept = json.loads((jobs / NOTE).read_text())
        identifiers = [each for each in kept["jobs"] if re.fullmatch(r"[\d_]+", each)]
        if kept["cluster"] == "local":
            _end_processes(identifiers, jobs)
        elif shutil.which("scancel") is None:
            return False
        else:
            scancel(identifiers)
            wait_for_end(identifiers, queued)
    shutil.rmtree(jobs, ignore_errors=True)
    return True


def _end_processes(identifiers: Iterable[str], jobs: Path) -> None:
    """End processes that submitit started in place of Slurm, unless others have their numbers."""

    def running(numbers: Iterable[str]) -> dict[str, str]:
        commands = {number: _command_of(number) for number in numbers}
        return {number: command for number, command in commands.items() if str(jobs) in command}

    for number in running(identifiers):
        with suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGINT)  # as submitit cancels
    wait_for_end(list(identifiers), running)


def _command_of(number: str) -> str:
    command = ["ps", "-ww", "-o", "args=", "-p", number]  # however long
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
