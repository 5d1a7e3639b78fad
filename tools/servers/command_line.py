"""The real command line in processes of its own, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

from convbias.runs.store import Store, read_run

CONVBIAS = str(Path(sys.executable).with_name("convbias"))
PATIENCE = 240.0  # seconds; machines that run tests are busy

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


def compiler_cache(folder: Path) -> dict[str, str]:
    """Variables that let processes share what JAX has compiled, which saves most of their time.

    It has no influence on the numbers: tests compare tables that were trained with and without.
    """
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def convbias(
    *arguments: str | Path, cwd: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CONVBIAS, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Started:
    """A command that runs in a group of processes of its own, all of them marked."""

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        variables: Mapping[str, str] = MappingProxyType({}),
        program: Sequence[str] = (CONVBIAS,),
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.output = cwd / f"output-{self.mark}.txt"
        self.errors = cwd / f"errors-{self.mark}.txt"
        # Tests that a shell runs in the background ignore interrupts, and children inherit that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        with self.output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*program, *map(str, arguments)],
                cwd=cwd,
                env={**os.environ, **variables, "CONVBIAS_TEST_MARK": self.mark},
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        signal.signal(signal.SIGINT, before)

    def processes(self) -> list[int]:
        """Every living process that descends from the command, wherever it hangs by now."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marked = self.mark.encode() in (folder / "environ").read_bytes()
            except OSError:
                continue  # it has ended, or is somebody else's
            if marked:
                found.append(int(folder.name))
        return found

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait while the command goes on, until something is true."""
        wait_until(lambda: condition() or self.process.poll() is not None)
        assert condition(), f"the command ended: {self.errors.read_text()}"

    def text(self) -> str:
        return self.output.read_text()


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "waited in vain"
        time.sleep(0.02)


def assert_no_half_file(runs: Path) -> None:
    """Every record can be read, and nothing that was being written is left."""
    for path in Store(runs).paths():
        read_run(path)
    names = [path.name for path in runs.iterdir()] if runs.exists() else []
    assert [name for name in names if name.startswith((".", "progress"))] == []


def shared_folder(base: Path) -> Path:
    """What all processes of a test run share; the session's own folder where there is one process.

    Args:
        base: The session's temporary folder.
    """
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Keep all other processes of a test run waiting who want to make the same thing.

    Args:
        path: Of the thing.
    """
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def compiled_folder(base: Path) -> Path:
    """Where all tests of a run keep what JAX has compiled."""
    folder = shared_folder(base) / "compiled"
    folder.mkdir(exist_ok=True)
    return folder


@cache
def finished_study(base: Path) -> Path:
    """A tiny study that nobody has disturbed, trained once for all tests of a run.

    Args:
        base: The session's temporary folder.

    Returns:
        A folder with `tiny.toml`, `runs` and `report`.
    """
    folder = shared_folder(base) / "finished"
    with one_at_a_time(folder):
        if (folder / "report" / "report.html").exists():
            return folder
        folder.mkdir()
        profile = write_tiny(folder)
        done = convbias(
            *("study", profile, "--runs", "runs", "--out", "report", "--jobs", "1"),
            cwd=folder,
            variables=compiler_cache(compiled_folder(base)),
        )
        assert done.returncode == 0, done.stderr
    return folder


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
