"""Run the command line in processes of its own, and share what it makes between tests."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tools.servers.processes import CONVBIAS, TIMEOUT, StartedProcess

from convbias.runs.record import Run
from convbias.runs.store import Store, read_run

TINY = """\
name = "tiny"
cost = "seconds"
expect = "nothing: it has too few images to learn from"
experiments = ["original"]
dataset = "drawn"
training_images = 100
recipe = "classic"
epochs = 2
seeds = [0, 1]
"""


def write_tiny(folder: Path) -> Path:
    path = folder / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path


def convbias(
    *arguments: str | Path, cwd: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CONVBIAS, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def assert_no_half_file(runs: Path) -> None:
    """Every stored run can be read, and no temporary file is left."""
    for path in Store(runs).paths():
        read_run(path)
    names = [path.name for path in runs.iterdir()] if runs.exists() else []
    assert [name for name in names if name.startswith((".", "progress"))] == []


def shared_folder(base: Path) -> Path:
    """A folder that all pytest workers share; the session's own folder without workers.

    Args:
        base: the session's temporary folder.
    """
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a lock that keeps other pytest workers from making the same file or folder.

    Args:
        path: the file or folder.
    """
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def finished_study(base: Path) -> Path:
    """Train a tiny study without interruption, once for all tests of a session.

    Args:
        base: the session's temporary folder.

    Returns:
        A folder with `tiny.toml`, `runs` and `report`.
    """
    folder = shared_folder(base) / "finished"
    with one_at_a_time(folder):
        if folder.exists():
            return folder
        # Renamed only when finished, so that a failed attempt is not taken for the study.
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unfinished-"))
        profile = write_tiny(unfinished).name
        done = convbias(
            *("study", profile, "--runs", "runs", "--out", "report", "--jobs", "1"),
            cwd=unfinished,
        )
        assert done.returncode == 0, done.stderr
        unfinished.rename(folder)
    return folder


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def numbers(run: Run) -> dict[str, object]:
    """All that is stored of a run except its time, its memory and its machine."""
    return run.model_dump(mode="json", exclude={"cost", "environment"})


def assert_two_at_once(folder: Path, *engines: Sequence[str]) -> None:
    """Commands at the same time on one store leave what one leaves: nothing lost, nothing twice.

    Args:
        folder: an empty folder.
        *engines: options of each command that say where it trains.
    """
    training = (
        *("train", "dense", "--dataset", "drawn", "--training-images", "100", "--epochs", "60"),
        *("--seeds", "0-5", "--jobs", "1"),
    )
    commands = [StartedProcess(*training, *options, cwd=folder) for options in engines]
    codes = [command.process.wait(TIMEOUT) for command in commands]
    assert codes == [0, 0], [command.errors.read_text() for command in commands]
    alone = convbias(*training, "--runs", "alone", cwd=folder)
    assert alone.returncode == 0, alone.stderr
    runs = folder / "runs"
    found, expected = ([numbers(run) for run in Store(folder / name)] for name in ("runs", "alone"))
    assert len(found) == 6
    assert found == expected
    assert_no_half_file(runs)
    assert files_below(runs) == files_below(folder / "alone")
