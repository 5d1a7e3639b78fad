"""Arrays of jobs: their options and their submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from convbias.errors import InputError
from convbias.runs.engines.abandoned import Cluster
from convbias.runs.engines.shares import Share

MOST_REQUEUES = 1_000  # after time limits; every one goes on with the rest


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
