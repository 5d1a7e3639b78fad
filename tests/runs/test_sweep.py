"""Sweeps whose processes die, fail or diverge; real processes, runs that take no training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from command_line import assert_no_half_file
from convbias.cli import main
from convbias.errors import DataError, RunError
from convbias.networks.scores import Epoch
from convbias.runs import machine
from convbias.runs import sweep as sweeping
from convbias.runs.atomic import write_atomically
from convbias.runs.engines.base import Report
from convbias.runs.engines.local import PROCESSES_ON_ACCELERATOR, Local
from convbias.runs.leftovers import clear_leftovers, in_use
from convbias.runs.record import run_key
from convbias.runs.store import Store, read_run
from convbias.runs.sweep import count_units, missing, sweep
from convbias.runs.worker import ONE_THREAD, execute
from convbias.spec.arms import Arm
from factories import make_arm, make_run

pytestmark = pytest.mark.integration

ARM = make_arm("dense", dataset="drawn")
PLANNED = [(ARM, seed) for seed in (0, 1, 2)]

# What follows stands in for `convbias.runs.worker.execute`, in the sweep's processes.


def stores(
    arm: Arm, seeds: list[int], folder: Path, _report: Report, fixed: str | None
) -> list[str]:
    attempts = folder / "attempts"
    attempts.mkdir(exist_ok=True)
    for seed in seeds:
        run = make_run(arm, seed).model_copy(update={"preregistration": fixed})
        Store(folder).write(run)
        (attempts / f"{seed}-{time.monotonic_ns()}").touch()
    return [run_key(arm, seed) for seed in seeds]


def stores_together(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    with (folder / "units").open("a") as file:
        file.write(f"{arm.name} {seeds}\n")
    return stores(arm, seeds, folder, report, fixed)


def notes_environment(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    names = ("JAX_PLATFORMS", "XLA_FLAGS", "XLA_PYTHON_CLIENT_MEM_FRACTION")
    (folder / f"environment-{arm.name}").write_text(" ".join(map(str, map(os.getenv, names))))
    return stores(arm, seeds, folder, report, fixed)


def attempts(folder: Path, seed: int) -> int:
    return len(list(folder.glob(f"attempts/{seed}-*")))


def _dies_once(seeds: list[int], folder: Path, die: Callable[[], Any]) -> None:
    mark = folder / "died"
    if seeds == [1] and not mark.exists():
        mark.touch()
        write_atomically(Store(folder).path(ARM, 1), lambda _: die())


def leaves_once(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    _dies_once(seeds, folder, lambda: os._exit(3))
    return stores(arm, seeds, folder, report, fixed)


def is_killed_once(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    # As the kernel does it when memory runs out.
    _dies_once(seeds, folder, lambda: os.kill(os.getpid(), signal.SIGKILL))
    return stores(arm, seeds, folder, report, fixed)


def dies_always(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    stores(arm, seeds, folder, report, fixed)
    if seeds == [1]:
        Store(folder).path(arm, 1).unlink()
        os._exit(3)
    return [run_key(arm, seed) for seed in seeds]


def dies_after_storing(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    stores(arm, seeds, folder, report, fixed)
    os._exit(3)


def fails(arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None) -> list[str]:
    for seed in seeds:
        if seed == 1:
            raise ZeroDivisionError("nobody has foreseen this")
        stores(arm, [seed], folder, report, fixed)
    return [run_key(arm, seed) for seed in seeds]


def finds_no_data(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    if seeds == [1]:
        raise DataError("the images are gone", "images", "put them back")
    return stores(arm, seeds, folder, report, fixed)


def diverges(
    arm: Arm, seeds: list[int], folder: Path, report: Report, fixed: str | None
) -> list[str]:
    """Real training, of which one seed is said to have diverged in its second epoch."""
    from convbias.networks import training  # not above: it takes all other processes here seconds

    train = training.train

    def diverge(*arguments: Any) -> Iterator[training.Trained]:
        for trained in train(*arguments):
            yield (
                replace(
                    trained,
                    status="diverged",
                    reason="in epoch 2 the training loss was inf",
                    epochs=trained.epochs[:1],
                    train=None,
                    validation=None,
                    test=None,
                    per_image=None,
                )
                if trained.seed == 1
                else trained
            )

    training.train = diverge
    return execute(arm, seeds, folder, report, fixed)


@pytest.mark.parametrize("instead", [leaves_once, is_killed_once])
def test_runs_whose_process_died_are_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: Callable[..., list[str]]
) -> None:
    monkeypatch.setattr(sweeping, "execute", instead)
    outcome = sweep(PLANNED, Store(tmp_path), jobs=2)
    assert (tmp_path / "died").exists()
    assert set(outcome.trained) == {run_key(*planned) for planned in PLANNED}
    assert outcome.failures == ()
    assert missing(PLANNED, Store(tmp_path)) == ([], ())
    assert_no_half_file(tmp_path)


def test_processes_that_always_die_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", dies_always)
    with pytest.raises(RunError, match="of 3 runs 2 are still to be trained"):
        sweep(PLANNED, Store(tmp_path), jobs=1)
    # The first attempt stores seed 0, so it is the first of three that begin with seed 1.
    assert (attempts(tmp_path, seed=0), attempts(tmp_path, seed=1)) == (1, 3)
    assert [path.stem for path in Store(tmp_path).paths()] == [run_key(ARM, 0)]


def test_progress_between_deaths_gives_new_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", dies_after_storing)
    assert len(sweep(PLANNED, Store(tmp_path), jobs=1).trained) == len(PLANNED) >= 3


def test_stored_runs_are_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "execute", stores)
    store = Store(tmp_path)
    store.write(make_run(ARM, 1))
    assert set(sweep(PLANNED, store).trained) == {run_key(ARM, 0), run_key(ARM, 2)}
    assert attempts(tmp_path, seed=1) == 0
    assert sweep(PLANNED, store).trained == ()


def test_an_unforeseen_error_ends_one_run_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", fails)
    outcome = sweep(PLANNED, Store(tmp_path), jobs=2)
    assert set(outcome.trained) == {run_key(ARM, 0), run_key(ARM, 2)}
    [failure] = outcome.failures
    assert (failure.arm, failure.seed) == (ARM, 1)
    assert "ZeroDivisionError: nobody has foreseen this" in failure.traceback
    assert [seed for _, seed in missing(PLANNED, Store(tmp_path))[0]] == [1]


def test_an_unforeseen_error_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweeping, "execute", fails)
    command = ["train", "dense", "--dataset", "drawn", "--seeds", "0", "1", "2"]
    assert main(command) == 1
    said = capsys.readouterr()
    assert "dense seed 1 failed: ZeroDivisionError: nobody has foreseen this" in said.err
    assert "Traceback" not in said.err
    assert "Traceback" in next(Path("runs/failures").glob("*-seed1.txt")).read_text()
    assert len(Store("runs").paths()) == 2


def test_what_concerns_every_run_ends_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", finds_no_data)
    with pytest.raises(DataError, match="the images are gone") as caught:
        sweep(PLANNED, Store(tmp_path), jobs=1)
    assert caught.value.fix == "put them back"


def test_a_diverged_run_is_stored_with_its_reason_and_the_others_go_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweeping, "execute", diverges)
    command = ["train", "dense", "--dataset", "drawn", "--training-images", "100", "--epochs", "2"]
    command += ["--seeds", "0", "1", "--jobs", "1"]  # a second process would compile the same
    assert main(command) == 0
    said = capsys.readouterr()
    assert "dense seed 1 diverged: in epoch 2 the training loss was inf" in said.err
    by_seed = {run.seed: run for run in map(read_run, Store("runs").paths())}
    assert [by_seed[seed].status for seed in (0, 1)] == ["finished", "diverged"]
    assert [len(by_seed[seed].epochs) for seed in (0, 1)] == [2, 1]
    assert isinstance(by_seed[1].epochs[0], Epoch)
    assert by_seed[1].test is None
    assert main(command) == 0  # it diverges again, so it is not repeated
    assert "nothing to train" in capsys.readouterr().out
    assert main(["runs", "verify"]) == 0


def test_runs_are_trained_in_their_order_and_reported_when_they_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", stores_together)
    store = Store(tmp_path)
    store.write(make_run(ARM, 1))
    longer = make_arm("cnn-3x3", dataset="drawn")
    told: list[tuple[str, int]] = []

    def tell(arm: Arm, seed: int) -> None:
        assert store.path(arm, seed).exists()
        told.append((arm.name, seed))

    sweep([*PLANNED, (longer, 5)], store, jobs=1, on_stored=tell)
    units = (tmp_path / "units").read_text().splitlines()
    assert units == ["dense [0]", "dense [2]", "cnn-3x3 [5]"]
    assert told == [("dense", 0), ("dense", 2), ("cnn-3x3", 5)]


def test_what_a_dead_process_had_stored_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", dies_after_storing)
    told: list[int] = []
    sweep(PLANNED, Store(tmp_path), jobs=1, on_stored=lambda _, seed: told.append(seed))
    assert sorted(told) == [0, 1, 2]


def test_an_accelerator_trains_all_missing_seeds_of_an_arm_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "has_accelerator", lambda: True)
    monkeypatch.setattr(sweeping, "execute", stores_together)
    store = Store(tmp_path)
    store.write(make_run(ARM, 1))
    other = make_arm("cnn-3x3", dataset="drawn")
    sweep([*PLANNED, (other, 5), (other, 6)], store, jobs=1)
    units = (tmp_path / "units").read_text().splitlines()
    # Two seeds with kernels of three pixels take longer than two seeds without.
    assert units == ["cnn-3x3 [5, 6]", "dense [0, 2]"]


def test_processes_share_an_accelerator_and_its_sums_have_an_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", notes_environment)
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.delenv("XLA_PYTHON_CLIENT_MEM_FRACTION", raising=False)
    planned = [*PLANNED, (make_arm("cnn-3x3", dataset="drawn"), 0)]
    assert "--xla_cpu_multi_thread_eigen=false" in ONE_THREAD["XLA_FLAGS"].split()
    for accelerator, expected in (
        (False, f"cpu {ONE_THREAD['XLA_FLAGS']} None"),
        (True, "cuda --xla_gpu_deterministic_ops=true 0.425"),  # half of 0.85
    ):
        monkeypatch.setattr(machine, "has_accelerator", lambda found=accelerator: found)
        folder = tmp_path / str(accelerator)
        folder.mkdir()
        sweep(planned, Store(folder))
        for arm in ("dense", "cnn-3x3"):
            assert (folder / f"environment-{arm}").read_text() == expected


def test_how_many_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 16)
    arms = [
        make_arm("dense", dataset="drawn", training_images=images) for images in range(100, 106)
    ]
    planned = [(arm, seed) for arm in arms for seed in (0, 1)]
    local = Local()
    for accelerator, wanted, jobs, expected in (
        (False, planned, None, 12),  # as many as there are runs
        (False, planned, 3, 3),
        (True, planned, None, PROCESSES_ON_ACCELERATOR),
        (True, planned, 6, 6),
        (True, planned[:4], None, 2),  # as many as there are arms
    ):
        monkeypatch.setattr(machine, "has_accelerator", lambda found=accelerator: found)
        assert local.processes(count_units(wanted, local), jobs) == expected


def test_an_accelerator_needs_a_plugin_a_driver_and_no_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jax_plugins" / "xla_cuda12").mkdir(parents=True)
    (tmp_path / "jax_plugins" / "xla_cuda12" / "__init__.py").touch()
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.setattr(machine, "NVIDIA_DRIVER", tmp_path)
    assert not machine.has_accelerator()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert machine.has_accelerator()
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert not machine.has_accelerator()
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    assert machine.has_accelerator()
    monkeypatch.setattr(machine, "NVIDIA_DRIVER", tmp_path / "none")
    assert not machine.has_accelerator()


def test_of_an_arm_that_failed_half_way_the_stored_runs_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "has_accelerator", lambda: True)
    monkeypatch.setattr(sweeping, "execute", fails)
    outcome = sweep(PLANNED, Store(tmp_path))
    assert outcome.trained == (run_key(ARM, 0),)
    assert [failure.seed for failure in outcome.failures] == [1, 2]


def test_what_killed_sweeps_have_left_is_removed(tmp_path: Path) -> None:
    gone = 2**22 + 1  # above the largest process identifier that Linux gives out
    for name in (f"progress-{gone}", f"progress-{os.getpid()}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note.json").touch()
    half, other = tmp_path / ".0123456789ab-seed0-x1y2z3a_.keras", tmp_path / ".mine.json"
    half.touch()
    other.touch()
    clear_leftovers(tmp_path)
    # Another sweep, here this process, may be writing that file.
    assert {path.name for path in tmp_path.iterdir()} == {
        f"progress-{os.getpid()}",
        half.name,
        other.name,
    }
    (tmp_path / f"progress-{os.getpid()}").rename(tmp_path / f"progress-{gone}")
    clear_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    clear_leftovers(tmp_path / "nowhere")


def test_what_cannot_be_removed_is_left(tmp_path: Path) -> None:
    folder = tmp_path / ".0123456789ab-seed0-x1y2z3a_.json"  # which `unlink` refuses
    folder.mkdir()
    clear_leftovers(tmp_path)
    assert folder.exists()


def test_what_a_command_still_writes_is_left(tmp_path: Path) -> None:
    half = tmp_path / "measurements" / ".0123456789ab-seed0-shift-x1y2z3a_.json"
    half.parent.mkdir()
    half.touch()
    with in_use(tmp_path):
        clear_leftovers(tmp_path)
        assert half.exists()
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [half.parent]
    assert list(half.parent.iterdir()) == []


def test_jobs_of_killed_commands_end_with_the_next_command_wherever_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, running = (tmp_path / f"jobs-{number}" for number in (2**22 + 1, os.getpid()))
    jobs = {each: abandoned_process(each) for each in (gone, running)}
    monkeypatch.setattr(sweeping, "execute", stores)
    sweep(PLANNED, Store(tmp_path), jobs=1)
    assert jobs[gone].wait(timeout=600) == -signal.SIGINT
    assert jobs[running].poll() is None
    assert not gone.exists()
    assert running.exists()
    jobs[running].kill()
    jobs[running].wait()
    # A number that was given to another process since.
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1_000)"])
    note(gone, other.pid)
    sweep(PLANNED, Store(tmp_path))  # nothing is left to train
    assert not gone.exists()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_jobs_that_cannot_be_cancelled_from_here_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = tmp_path / "runs" / f"jobs-{2**22 + 1}"
    note(jobs, 17, cluster="slurm")
    half = tmp_path / "runs" / ".0123456789ab-seed0-x1y2z3a_.keras"
    half.touch()
    monkeypatch.setenv("PATH", str(tmp_path))  # without Slurm's commands
    clear_leftovers(tmp_path / "runs")
    assert jobs.exists()
    assert half.exists()  # a job may be writing it


def abandoned_process(jobs: Path) -> subprocess.Popen[bytes]:
    """A process that belongs to the jobs of a command."""
    code = (
        "import signal, time; signal.signal(2, signal.SIG_DFL); print(flush=True); time.sleep(1e5)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(jobs / "1")], stdout=subprocess.PIPE
    )
    assert process.stdout.readline()  # interrupts end it from now on
    process.stdout.close()
    note(jobs, process.pid)
    return process


def note(jobs: Path, number: int, cluster: str = "local") -> None:
    jobs.mkdir(parents=True, exist_ok=True)
    (jobs / "jobs.json").write_text(json.dumps({"cluster": cluster, "jobs": [str(number)]}))


def test_notes_and_half_files_do_not_outlive_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "execute", stores)
    sweep(PLANNED, Store(tmp_path), jobs=1)
    assert_no_half_file(tmp_path)
