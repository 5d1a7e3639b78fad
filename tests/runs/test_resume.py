"""Studies that are interrupted or killed, and go on as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from tools.servers.processes import StartedProcess, wait_until

from command_line import (
    assert_no_half_file,
    assert_two_at_once,
    convbias,
    finished_study,
    write_tiny,
)
from convbias.runs.store import Store

pytestmark = pytest.mark.integration

# A process that is killed may leave a half-written file in the folder of compiled functions that
# all tests share, so it gets a folder of its own, or none.
COMPILED = "JAX_COMPILATION_CACHE_DIR"
ANEW = {"JAX_ENABLE_COMPILATION_CACHE": "false"}

SEEDS = ("0", "1", "2", "3")
SHORT_TRAINING = (
    *("train", "dense", "--dataset", "drawn", "--training-images", "100"),
    *("--epochs", "60", "--seeds", *SEEDS),
)
LONG_TRAINING = ("train", "dense", "--dataset", "drawn", "--epochs", "1000", "--seeds", "0", "1")


def notes(runs: Path) -> list[Path]:
    return list(runs.glob("progress-*"))


def interrupt(command: StartedProcess, number: signal.Signals = signal.SIGINT) -> str:
    """Press Ctrl-C, which reaches the whole group of processes, or ask one process to end.

    Returns:
        What the command then says.
    """
    if number == signal.SIGINT:
        os.killpg(command.process.pid, number)
    else:
        command.process.send_signal(number)
    code = command.process.wait(timeout=600)
    said = command.errors.read_text()
    assert code == 128 + number, said
    wait_until(lambda: not command.processes())
    for word in ("Traceback", "leaked", "Error"):
        assert word not in said
    return said


def test_interrupted_while_compiling(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = StartedProcess(*LONG_TRAINING, "--runs", "runs", cwd=tmp_path, variables=ANEW)
    # A run leaves its first note just before it builds and compiles its network.
    command.wait_for(lambda: list(runs.glob("progress-*/*")))
    said = interrupt(command, signal.SIGTERM)
    assert "test accuracy" not in command.text()
    assert "0 of 2 runs are stored in runs." in said
    assert f"run: convbias {' '.join(LONG_TRAINING)} --runs runs" in said
    assert_no_half_file(runs)


def test_interrupted_while_training(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = StartedProcess(*LONG_TRAINING, "--runs", "runs", cwd=tmp_path, variables=ANEW)
    # The notes of an epoch are removed when they are read; there are a thousand of them.
    command.wait_for(lambda: list(runs.glob("progress-*/*-epoch000[3-9].json")))
    said = interrupt(command)
    assert "0 of 2 runs are stored in runs." in said
    assert f"run: convbias {' '.join(LONG_TRAINING)} --runs runs" in said
    assert_no_half_file(runs)


def test_interrupted_while_reporting(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = finished_study(tmp_path_factory.getbasetemp())
    shutil.copytree(study / "runs", tmp_path / "runs")
    write_tiny(tmp_path)
    command = StartedProcess("study", "tiny.toml", "--out", "out", cwd=tmp_path)
    table = tmp_path / "out" / "table.csv"
    command.wait_for(table.exists)  # the first thing that a report writes, in milliseconds
    said = interrupt(command)
    assert "8 of 8 runs are stored in runs." in said
    assert "run: convbias study tiny.toml --out out" in said
    assert not (tmp_path / "out" / "report.html").exists()
    assert [path for path in tmp_path.rglob(".*") if path.is_file()] == []
    assert table.read_bytes() == (study / "report" / "table.csv").read_bytes()


def test_interrupted_while_the_report_is_renewed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = finished_study(tmp_path_factory.getbasetemp())
    shutil.copytree(study / "runs", tmp_path / "runs")
    shutil.copytree(study / "report", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_bytes()
    # One run completes the first seed; the others then take longer than the report.
    for seed, count in ((0, 1), (1, 4)):
        for record in sorted((tmp_path / "runs").glob(f"*-seed{seed}.json"))[:count]:
            record.unlink()
    write_tiny(tmp_path)
    command = StartedProcess("study", "tiny.toml", "--out", "out", "--jobs", "1", cwd=tmp_path)
    command.wait_for(lambda: list((tmp_path / "out").glob(".renewing-*/table.csv")))
    said = interrupt(command)
    assert "of 8 runs are stored in runs." in said
    assert f"Report on the seeds before: {(tmp_path / 'out' / 'report.html').as_uri()}" in said
    assert (tmp_path / "out" / "report.html").read_bytes() == page
    assert list(tmp_path.rglob(".*")) == []


def test_killed_twice_and_restarted(tmp_path: Path) -> None:
    arguments = (*SHORT_TRAINING, "--jobs", "1")
    done = convbias(*arguments, "--runs", "undisturbed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    runs = tmp_path / "runs"
    shutil.copytree(os.environ[COMPILED], tmp_path / "compiled")
    variables = {COMPILED: str(tmp_path / "compiled")}
    moments = random.Random(20_260_101)
    stored = 0
    for _ in range(2):
        command = StartedProcess(*arguments, "--runs", "runs", cwd=tmp_path, variables=variables)
        # At a random moment of one of the next runs: before, in or after its training.
        goal = stored + moments.randint(0, 1)
        command.wait_for(lambda goal=goal: notes(runs) and len(stored_runs(runs)) >= goal)
        time.sleep(moments.uniform(0, 0.5))
        command.process.kill()
        command.process.wait()
        wait_until(lambda command=command: not command.processes())
        stored = len(stored_runs(runs))
        assert stored < len(SEEDS)
    done = convbias(*arguments, "--runs", "runs", cwd=tmp_path, variables=variables)
    assert done.returncode == 0, done.stderr
    planned = len(SEEDS)
    assert f"{planned} runs planned, {stored} stored in runs, {planned - stored} to train" in (
        done.stdout
    )
    for run, other in zip(Store(runs), Store(tmp_path / "undisturbed"), strict=True):
        assert run.key == other.key
        assert run.epochs == other.epochs
        assert run.test == other.test
        assert run.weights_checksum == other.weights_checksum
    assert_no_half_file(runs)


def stored_runs(runs: Path) -> list[Path]:
    return list(runs.glob("[!.]*.json"))


def test_two_commands_on_one_store(tmp_path: Path) -> None:
    assert_two_at_once(tmp_path, (), ())
