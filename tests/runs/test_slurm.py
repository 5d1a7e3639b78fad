"""Studies on a real Slurm, and with the processes that submitit starts in its place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tools.servers.processes import StartedProcess, wait_until

from cheap_programs import compiled_as_users_do
from command_line import assert_no_half_file, convbias, numbers
from convbias.errors import InputError, RunError
from convbias.runs.engines import slurm as on_slurm
from convbias.runs.engines.base import Report
from convbias.runs.engines.slurm import Slurm
from convbias.runs.engines.slurm_jobs import SlurmOptions
from convbias.runs.progress import Progress
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.runs.sweep import sweep
from factories import make_arm
from slurm_cluster import missing_programs, slurm_cluster

pytestmark = pytest.mark.integration

ARM = make_arm("dense", epochs=3, dataset="drawn", training_images=100)
PLANNED = [(ARM, seed) for seed in range(3)]
# Long enough for a signal to arrive while a task has something left.
LONGER = make_arm("dense", epochs=400, dataset="drawn", training_images=100)
TRAIN = ("train", "dense", "--dataset", "drawn", "--training-images", "100", "--seeds", "0-3")


@pytest.fixture(scope="module")
def trained_here(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("here"))
    with compiled_as_users_do():
        sweep(PLANNED, store)
    return store


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    absent = missing_programs()
    if absent and "CI" not in os.environ:
        pytest.skip(f"Slurm cannot be started, for it lacks {', '.join(absent)}")
    assert absent == []
    folder = tmp_path_factory.mktemp("slurm")
    with pytest.MonkeyPatch.context() as patch, slurm_cluster(folder, patch.setenv):
        yield


@pytest.fixture(autouse=True)
def asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_slurm, "SECONDS_BETWEEN_QUEUES", 1.0)


def assert_equal(store: Store, other: Store) -> None:
    assert [numbers(run) for run in store] == [numbers(run) for run in other]
    assert_no_half_file(store.folder)
    assert list(store.folder.glob("jobs-*")) == []


def queue() -> list[str]:
    command = ["squeue", "--noheader", "--array", "--format=%i %T"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def tasks() -> list[psutil.Process]:
    """Processes that work on a share."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "submitit.core._submit" in (process.info["cmdline"] or [])
    ]


@pytest.mark.parametrize("where", ["local", "slurm"])
def test_runs_are_those_of_this_machine(
    tmp_path: Path, trained_here: Store, where: str, request: pytest.FixtureRequest
) -> None:
    if where == "slurm":
        request.getfixturevalue("cluster")
    store = Store(tmp_path)
    told: list[Progress] = []
    engine = Slurm(cluster=where)
    sweep(PLANNED, store, jobs=2, on_progress=told.append, engine=engine)
    assert_equal(store, trained_here)
    assert {(each.key, each.epoch) for each in told} == {
        (run_key(ARM, seed), epoch) for _, seed in PLANNED for epoch in range(4)
    }


@pytest.mark.usefixtures("cluster")
def test_a_preempted_task_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    store, here = Store(tmp_path / "slurm"), Store(tmp_path / "here")
    planned = [(LONGER, seed) for seed in range(3)]
    with compiled_as_users_do():
        sweep(planned, here)
    stored: list[int] = []

    def preempt(_arm: object, seed: int) -> None:
        """As Slurm does it: with a signal to the task, which asks to be queued again."""
        stored.append(seed)
        if len(stored) == 1:
            [identifier] = [line.split()[0] for line in queue()]
            subprocess.run(["scancel", "--signal=USR2", identifier], check=True)

    said: list[str] = []

    def start_now(reason: str) -> None:
        """Two minutes earlier than Slurm would start it again."""
        said.append(reason)
        [identifier] = [line.split()[0] for line in queue()]
        command = ["scontrol", "update", f"jobid={identifier}", "starttime=now"]
        subprocess.run(command, check=True)

    sweep(planned, store, jobs=1, on_stored=preempt, engine=Slurm(), on_waiting=start_now)
    assert said == ["all tasks wait in Slurm's queue: BeginTime"]
    assert sorted(stored) == [0, 1, 2]  # each once
    assert_equal(store, here)


@pytest.mark.usefixtures("cluster")
def test_a_killed_task_is_submitted_again(tmp_path: Path, trained_here: Store) -> None:
    store = Store(tmp_path)
    killed: list[int] = []

    def kill(_progress: Progress) -> None:
        if not killed:
            killed.append(1)
            for process in tasks():
                process.kill()

    sweep(PLANNED, store, jobs=2, on_progress=kill, engine=Slurm())
    assert killed
    assert_equal(store, trained_here)


@pytest.mark.usefixtures("cluster")
def test_the_command_is_killed_and_goes_on(tmp_path: Path) -> None:
    # Long enough that the second command finds something to do.
    arguments = (*TRAIN, "--epochs", "400", "--jobs", "1", "--on", "slurm")
    command = StartedProcess(*arguments, cwd=tmp_path)
    store = Store(tmp_path / "runs")
    command.wait_for(store.paths)
    command.process.kill()
    command.process.wait()
    assert len(queue()) == 1  # it goes on
    done = convbias(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    here = convbias(*arguments[:-4], "--runs", "here", cwd=tmp_path)
    assert here.returncode == 0, here.stderr
    assert_equal(store, Store(tmp_path / "here"))
    wait_until(lambda: queue() == [])


@pytest.mark.usefixtures("cluster")
def test_ctrl_c_cancels_the_jobs(tmp_path: Path) -> None:
    command = StartedProcess(*TRAIN, "--epochs", "1000", "--on", "slurm", cwd=tmp_path)
    command.wait_for(tasks)
    command.process.terminate()
    assert command.process.wait(timeout=600) == 143
    assert "of 4 runs are stored in runs." in command.errors.read_text()
    wait_until(lambda: queue() == [])
    wait_until(lambda: not tasks())
    assert list((tmp_path / "runs").glob("jobs-*")) == []


@pytest.mark.usefixtures("cluster")
def test_slurm_refuses_the_jobs(tmp_path: Path) -> None:
    engine = Slurm(SlurmOptions(partition="none"))
    with pytest.raises(InputError, match=r"Slurm refuses the jobs: .*partition"):
        sweep(PLANNED, Store(tmp_path), engine=engine)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("cluster")
def test_what_is_waited_for_is_said(tmp_path: Path) -> None:
    subprocess.run(["scontrol", "update", "partitionname=main", "state=down"], check=True)
    said: list[str] = []

    def go_on(reason: str) -> None:
        said.append(reason)
        subprocess.run(["scontrol", "update", "partitionname=main", "state=up"], check=True)

    assert sweep(PLANNED[:1], Store(tmp_path), engine=Slurm(), on_waiting=go_on).trained
    assert said == ["all tasks wait in Slurm's queue: PartitionDown"]


def dies(_arm: object, _seeds: object, _folder: Path, _report: Report, _fixed: object) -> None:
    os._exit(3)


def test_a_run_that_ends_its_process_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convbias.runs.sweep.execute", dies)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    with pytest.raises(RunError, match="3 times before dense with seed 0 was finished"):
        sweep(PLANNED[:1], Store(tmp_path), engine=Slurm(cluster="local"))


def test_where_there_is_no_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="sbatch is missing"):
        sweep(PLANNED, Store(tmp_path), engine=Slurm())


def test_what_is_submitted_is_planned(tmp_path: Path) -> None:
    options = ("--on", "slurm", "--slurm-partition", "main", "--slurm-cpus-per-task", "2")
    done = convbias("study", "smoke", "--dataset", "drawn", "--plan", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = "sbatch --array=0-3 --partition=main --time=60 --cpus-per-task=2"
    assert f"{expected}: 8 units of work in 4 tasks, up to 2 in each." in done.stdout


def test_options_of_slurm_without_slurm(tmp_path: Path) -> None:
    done = convbias(*TRAIN, "--slurm-mem", "4", cwd=tmp_path)
    assert done.returncode == 2
    assert "--slurm-mem without --on slurm" in done.stderr
