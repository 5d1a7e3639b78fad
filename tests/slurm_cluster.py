"""Slurm on the loopback device of this machine: munged, slurmctld and one slurmd with two CPUs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.servers.processes import free_port, wait_until

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
JobRequeue=1
KillWait=5
SchedulerParameters=sched_interval=2,batch_sched_delay=0,requeue_setup_env_fail
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs() -> list[str]:
    """What of Slurm is not installed, or that its daemons cannot be started."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return missing or ([] if os.geteuid() == 0 else ["the permission to start daemons"])


@contextmanager
def slurm_cluster(folder: Path, set_variable: Callable[[str, str], object]) -> Iterator[None]:
    """A cluster whose commands work in this process and its children.

    Args:
        folder: an empty folder.
        set_variable: sets an environment variable for as long as the cluster lives.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(
            host=host, controller_port=free_port(), node_port=free_port(), folder=folder
        )
    )
    set_variable("SLURM_CONF", str(folder / "slurm.conf"))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    daemons = [
        [
            *("munged", "--foreground", "--force", "--num-threads=1"),
            *(f"--key-file={key}", f"--socket={folder}/munge.socket"),
            *(f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log"),
            f"--seed-file={folder}/munge.seed",
        ],
        ["slurmctld", "-D", "-c"],
        ["slurmd", "-D"],
    ]
    started = []
    try:
        for command in daemons:
            with (folder / f"{command[0]}.out").open("w") as output:
                started.append(subprocess.Popen(command, stdout=output, stderr=output))
            if command[0] == "munged":
                wait_until((folder / "munge.socket").exists)
        wait_until(lambda: _nodes() == "idle")
        yield
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def _nodes() -> str:
    command = ["sinfo", "--noheader", "--format=%t"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
