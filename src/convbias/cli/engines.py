"""The options `--on` and `--slurm-...`: where runs are trained and networks are measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from cyclopts import Parameter, validators

from convbias.errors import InputError
from convbias.runs.engines.base import Engine
from convbias.runs.engines.local import Local

LOCAL = "local"
RAY = "ray"
SLURM = "slurm"
REHEARSAL = "slurm:local"


@Parameter(name="*")
@dataclass(frozen=True)
class SlurmFlags:
    """Options of `sbatch` for --on slurm.

    Args:
        slurm_partition: Slurm's partition.
        slurm_account: Account that pays.
        slurm_qos: Quality of service.
        slurm_time: Minutes after which a task is stopped; it is queued again, and goes on with what
            is missing; default 60.
        slurm_mem: Memory of a task in GB.
        slurm_cpus_per_task: CPUs of a task, each of which trains a run; default 1.
        slurm_gres: Generic resources of a task, such as gpu:1.
        slurm_constraint: Features that machines must have.
        slurm_nodelist: Machines to use.
        slurm_exclude: Machines not to use.
    """

    slurm_partition: str | None = None
    slurm_account: str | None = None
    slurm_qos: str | None = None
    slurm_time: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None
    slurm_mem: Annotated[float | None, Parameter(validator=validators.Number(gt=0))] = None
    slurm_cpus_per_task: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None
    slurm_gres: str | None = None
    slurm_constraint: str | None = None
    slurm_nodelist: str | None = None
    slurm_exclude: str | None = None

    @property
    def given(self) -> dict[str, object]:
        """Slurm's name of each option that was given to its value."""
        return {
            name.removeprefix("slurm_"): value
            for name, value in asdict(self).items()
            if value is not None
        }


NO_FLAGS = SlurmFlags()


def choose_engine(on: str, flags: SlurmFlags = NO_FLAGS) -> Engine:
    """The engine that a command names; nothing is connected yet.

    Args:
        on: `local`, `ray`, `ray:HOST:PORT`, `ray://HOST:PORT`, `slurm`, or `slurm:local` for
            processes that are started here as Slurm would start them.
        flags: options of Slurm.

    Raises:
        InputError: There is no such engine, or options of Slurm are given for another one.

    Example:
        >>> type(choose_engine("local")).__name__
        'Local'
    """
    # Imported here, because few commands need them.
    if on in (SLURM, REHEARSAL):
        from convbias.runs.engines.slurm import Slurm
        from convbias.runs.engines.slurm_jobs import SlurmOptions

        options = SlurmOptions(**flags.given)  # pyright: ignore[reportArgumentType] - same names
        return Slurm(options, "slurm" if on == SLURM else "local")
    if flags != NO_FLAGS:
        names = ", ".join(f"--slurm-{name.replace('_', '-')}" for name in flags.given)
        raise InputError(
            f"{names} without --on slurm", "both, or neither", "add --on slurm, or leave them out"
        )
    if on == LOCAL:
        return Local()
    name, _, address = on.partition(":")
    if name == RAY:
        from convbias.runs.engines.ray import Ray

        return Ray(on if address.startswith("//") else address or None)
    raise InputError(
        f"there is no engine {on!r}",
        "local, ray, ray:HOST:PORT, ray://HOST:PORT or slurm",
        "leave --on out to use this machine",
    )
