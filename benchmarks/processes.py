"""Start contenders as processes of their own, let them begin together, collect what they say."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from benchmarks.contender import READY, Task, busy_seconds
from benchmarks.results import Contest, Measurement, Mode

from convbias.errors import RunError

ROOT = Path(__file__).parents[1]
LONGEST_CONTEST_SECONDS = 300.0
LOOK_SECONDS = 0.5
CALM_LOOKS = 3  # in a row
BUSY_CORES = 0.15  # what the system itself needs stays below this

# What JAX, NumPy, PyTorch and TensorFlow each take their number of threads from.
THREAD_VARIABLES = (
    "PJRT_NPROC",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def hold(
    contender: str,
    module: str,
    python: Path,
    mode: Mode,
    cores: int,
    task: Task,
    patience: float = 0.0,
) -> Contest:
    """Let a contender train.

    Args:
        contender: Its name in the record.
        module: The module to run, from the root of the repository.
        python: With which interpreter.
        mode: One process with a thread per core, one with one thread, or one such per core.
        cores: How many cores there are.
        task: What to do.
        patience: How many seconds to wait, before the processes start and again when they are
            ready, for other programs to leave the cores alone.

    Raises:
        RunError: A process failed, or took longer than anyone could wait.
    """
    threads = cores if mode == "one_training" else 1
    variables = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    processes: list[tuple[subprocess.Popen[str], IO[str]]] = []
    wait_for_calm(patience)
    try:
        for _ in range(cores if mode == "one_per_core" else 1):
            arguments = replace(task, started=time.time()).arguments()
            # Closed in `finally`; a context manager cannot hold a list of files.
            errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
            process = subprocess.Popen(
                [str(python), "-m", module, *arguments],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            processes.append((process, errors))
        measurements = _collect(contender, processes, patience)
    finally:
        for process, errors in processes:
            process.kill()
            process.communicate()
            errors.close()
    return Contest(contender=contender, mode=mode, processes=measurements)


def wait_for_calm(patience: float) -> None:
    """Wait until the cores have been idle for a moment, but not longer than `patience` seconds."""
    end = time.monotonic() + patience
    calm_looks = 0
    while calm_looks < CALM_LOOKS and time.monotonic() < end:
        looked, busy = time.monotonic(), busy_seconds()
        time.sleep(LOOK_SECONDS)
        busy_cores = (busy_seconds() - busy) / (time.monotonic() - looked)
        calm_looks = calm_looks + 1 if busy_cores < BUSY_CORES else 0


def _collect(
    contender: str, processes: Sequence[tuple[subprocess.Popen[str], IO[str]]], patience: float
) -> tuple[Measurement, ...]:
    """Wait until all are ready, start all, and read what they measured."""
    too_long = threading.Timer(
        LONGEST_CONTEST_SECONDS + patience, lambda: [process.kill() for process, _ in processes]
    )
    too_long.start()
    try:
        for process, errors in processes:
            if process.stdout is None or not any(line == f"{READY}\n" for line in process.stdout):
                raise _failure(contender, process, errors)
        wait_for_calm(patience)
        for process, _ in processes:
            # A process that has died meanwhile is reported below, with its last words.
            with suppress(BrokenPipeError):
                if process.stdin is not None:
                    process.stdin.write("go\n")
                    process.stdin.flush()
        return tuple(_result(contender, process, errors) for process, errors in processes)
    finally:
        too_long.cancel()


def _result(contender: str, process: subprocess.Popen[str], errors: IO[str]) -> Measurement:
    output, _ = process.communicate()
    if process.returncode != 0:
        raise _failure(contender, process, errors)
    return Measurement.model_validate_json(output)


def _failure(contender: str, process: subprocess.Popen[str], errors: IO[str]) -> RunError:
    status = process.wait()
    errors.seek(0)
    last_lines = "\n".join(errors.read().strip().splitlines()[-15:])
    return RunError(
        f"the contender {contender} ended with status {status} instead of a measurement",
        f"a measurement within {LONGEST_CONTEST_SECONDS:.0f} seconds",
        f"see what it said last:\n{last_lines}",
    )
