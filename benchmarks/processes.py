"""Run what is measured in processes of their own: together, and on quiet cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from benchmarks.contender import READY, STARTED, busy_seconds

from convbias.errors import InputError, RunError

ROOT = Path(__file__).parents[1]
RIVAL_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
CORES = 2  # what the targets are stated for
LOOK_SECONDS = 0.5
CALM_LOOKS = 3  # in a row
BUSY_CORES = 0.15  # what the system itself needs stays below this
# What JAX, NumPy, PyTorch and TensorFlow each take their number of threads from.
THREAD_VARIABLES = (
    *("PJRT_NPROC", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


def run(
    module: str,
    function: str,
    *tasks: Mapping[str, Any],
    threads: int = 1,
    barrier: bool = False,
    patience: float = 0.0,
) -> list[Any]:
    """Call a function in as many processes as there are tasks, at the same time.

    Args:
        module: calls `contender.answer`; a rival runs in the rivals' environment.
        function: the function's name.
        tasks: its keyword arguments, process by process.
        threads: how many threads libraries may use.
        barrier: let processes with a `contender.Stopwatch` begin together when all are ready.
        patience: at most so many seconds to wait for other programs to leave the cores alone,
            before the start and again at the barrier.

    Returns:
        What the function returned, process by process.

    Raises:
        RunError: a process failed.
    """
    started: list[tuple[subprocess.Popen[str], IO[str]]] = []
    python = RIVAL_PYTHON if module.startswith("benchmarks.rivals") else sys.executable
    variables = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    wait_for_calm(patience)
    try:
        for task in tasks:
            # Closed in `finally`; a context manager cannot hold a list of files.
            errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
            child = subprocess.Popen(
                [python, "-m", module, function, json.dumps(task, default=str)],
                cwd=ROOT,
                env=variables | {STARTED: repr(time.time())},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            started.append((child, errors))
        if barrier:
            _begin_together(module, started, patience)
        return [_result(module, *each) for each in started]
    finally:
        for child, errors in started:
            child.kill()
            child.communicate()
            errors.close()


def _begin_together(
    module: str, started: Sequence[tuple[subprocess.Popen[str], IO[str]]], patience: float
) -> None:
    for child, errors in started:
        if child.stdout is None or f"{READY}\n" not in child.stdout:
            raise _failure(module, child, errors)
    wait_for_calm(patience)
    for child, _ in started:
        # A process that has died meanwhile is reported with its result.
        with suppress(BrokenPipeError):
            if child.stdin is not None:
                child.stdin.write("go\n")
                child.stdin.flush()


def _result(module: str, child: subprocess.Popen[str], errors: IO[str]) -> object:
    output, _ = child.communicate()
    if child.returncode != 0:
        raise _failure(module, child, errors)
    return json.loads(output.splitlines()[-1])


def _failure(module: str, child: subprocess.Popen[str], errors: IO[str]) -> RunError:
    status = child.wait()
    errors.seek(0)
    last_lines = "\n".join(errors.read().strip().splitlines()[-15:])
    return RunError(
        f"{module} ended with status {status}", fix=f"see its last output:\n{last_lines}"
    )


def wait_for_calm(patience: float) -> None:
    """Wait until the cores have been idle for a moment, but at most `patience` seconds."""
    end = time.monotonic() + patience
    calm_looks = 0
    while calm_looks < CALM_LOOKS and time.monotonic() < end:
        looked, busy = time.monotonic(), busy_seconds()
        time.sleep(LOOK_SECONDS)
        busy_cores = (busy_seconds() - busy) / (time.monotonic() - looked)
        calm_looks = calm_looks + 1 if busy_cores < BUSY_CORES else 0


def keep_to_cores() -> None:
    """Keep this process and all that it starts to as many cores as the targets are for."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < CORES:
        raise InputError(f"{len(usable)} cores can be used here", f"Linux with {CORES}")
    os.sched_setaffinity(0, usable[:CORES])


def rival_versions(
    python: Path = RIVAL_PYTHON, names: Sequence[str] = ("tensorflow-cpu", "keras", "torch")
) -> dict[str, str]:
    """Versions of distributions in a rival's environment.

    Raises:
        InputError: the environment or a distribution in it is missing.
    """
    question = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    try:
        done = subprocess.run([python, "-c", question, *names], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"{python} cannot be used: {error}",
            f"an environment with {', '.join(names)}",
            f"make {python.parents[1].name}/stamp",
        ) from error
    return dict(zip(names, done.stdout.decode().split(), strict=True))
