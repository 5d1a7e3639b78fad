"""Arrays of jobs: their options, their submission, and what killed commands left of them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from convbias.errors import InputError
from convbias.runs.atomic import write_atomically
from convbias.runs.engines.shares import Share
from convbias.runs.engines.slurm_queue import queued, scancel, wait_for_end
from convbias.runs.leftovers import clear_leftovers
from convbias.runs.machine import is_running

Cluster = Literal["slurm", "local"]

MOST_REQUEUES = 1_000  # after time limits; every one goes on with the rest
JOBS_PREFIX = "jobs-"  # followed by the process identifier of the command
NOTE = "jobs.json"  # in the folder of a command's jobs: their identifiers


@dataclass(frozen=True)
class SlurmOptions:
    """Options of `sbatch`, by their names there.

    Args:
        partition: Partition of the cluster.
        account: Account that pays.
        qos: Quality of service.
        time: Minutes after which a task is stopped; it is queued again, and goes on with the rest.
        mem: Memory of a task in GB.
        cpus_per_task: CPUs of a task, each of which trains a run.
        gres: Generic resources of a task, such as gpu:1.
        constraint: Features that machines must have.
        nodelist: Machines to use.
        exclude: Machines not to use.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: int = 60
    mem: float | None = None
    cpus_per_task: int = 1
    gres: str | None = None
    constraint: str | None = None
    nodelist: str | None = None
    exclude: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Those that have a value."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NO_OPTIONS = SlurmOptions()


def submit_array(
    shares: Sequence[Share], options: SlurmOptions, cluster: Cluster, jobs: Path
) -> list[Any]:
    """Submit an array with a task per share.

    Args:
        shares: what each task does.
        options: of the array.
        cluster: how submitit names it.
        jobs: folder of the command's jobs.

    Returns:
        submitit's jobs, one per share.

    Raises:
        InputError: Slurm refuses them.
    """
    import submitit
    from submitit.core.utils import FailedJobError

    executor = submitit.AutoExecutor(
        folder=jobs / "%j",
        cluster=cluster,
        **{f"{cluster}_max_num_timeout": MOST_REQUEUES},
    )
    given = options.given
    executor.update_parameters(
        name="convbias",
        timeout_min=given.pop("time"),
        **({"mem_gb": given.pop("mem")} if "mem" in given else {}),
        **{f"slurm_{name}": value for name, value in given.items()},
        slurm_array_parallelism=len(shares),
    )
    try:
        with executor.batch():
            return [executor.submit(share) for share in shares]
    except FailedJobError as error:
        raise InputError(
            f"Slurm refuses the jobs: {str(error).strip().splitlines()[-1]}",
            "options that this cluster allows",
            "change the --slurm- options; `sinfo` lists partitions and their limits",
        ) from error


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


def cancel_abandoned(folder: Path) -> None:
    """Cancel the jobs of commands on a store that were killed, and remove what they left.

    Args:
        folder: of the store.
    """
    for jobs in folder.glob(f"{JOBS_PREFIX}*"):
        if is_running(jobs.name.removeprefix(JOBS_PREFIX)):
            continue
        with suppress(OSError, ValueError, KeyError):
            kept = json.loads((jobs / NOTE).read_text())
            if kept["cluster"] == "slurm":
                identifiers = [each for each in kept["jobs"] if re.fullmatch(r"[\d_]+", each)]
                scancel(identifiers)
                wait_for_end(identifiers, queued)
        shutil.rmtree(jobs, ignore_errors=True)
    clear_leftovers(folder)
