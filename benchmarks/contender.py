"""What the measured processes share: names, their command line, and their clocks.

Rivals run in an environment of their own, so this module needs the standard library alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CONVBIAS, KERAS, PYTORCH = "convbias", "Keras-TensorFlow", "PyTorch"
MODULES = {
    CONVBIAS: "benchmarks.engine",
    KERAS: "benchmarks.rivals.keras_tensorflow",
    PYTORCH: "benchmarks.rivals.pytorch",
}
# One process with a thread per core, or a process per core with one thread each.
MODES = {"one_training": "one training", "one_per_core": "one per core"}
READY = "ready"
STARTED = "BENCHMARK_STARTED"  # environment variable: when the process was started, Unix time
BATCH_SIZE = 128
LEARNING_RATE = 1e-3

Lap = dict[str, float]  # epoch, seconds of training so far, test_accuracy


def answer(*functions: Callable[..., object]) -> None:
    """Call the function named on the command line, and print what it returns as a line of JSON.

    The first argument is the function's name, the second a JSON object with its keyword arguments.
    """
    name, arguments = sys.argv[1:]
    [function] = [each for each in functions if each.__name__ == name]
    print(json.dumps(function(**json.loads(arguments))), flush=True)


class Stopwatch:
    """Times whole epochs after a warm-up epoch, at whose end it waits for the other processes.

    Args:
        seconds: how long to train at least; training ends with the epoch.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._amount = 0
        self._go = self._done = (0.0, 0.0, 0.0)
        self._start: dict[str, float] = {}

    def started(self, compile_seconds: float = 0.0) -> None:
        """Call when the first training step can begin, or has just ended if it compiles."""
        seconds = time.time() - float(os.environ[STARTED])
        self._start = {"start_seconds": seconds, "compile_seconds": compile_seconds}

    def epoch_done(self, amount: int) -> bool:
        """Call after every epoch with its images or floating-point operations; whether to go on."""
        # The wall's clock, this process on all cores, all processes on this process's cores.
        self._done = time.perf_counter(), time.process_time(), busy_seconds()
        if not any(self._go):
            print(READY, flush=True)
            sys.stdin.readline()
            self._go = time.perf_counter(), time.process_time(), busy_seconds()
            return True
        self._amount += amount
        return self._done[0] - self._go[0] < self._seconds

    def measurement(self) -> dict[str, float]:
        """What was timed.

        `machine_seconds` is what all programs took on the cores meanwhile; `compile_seconds` is
        part of `start_seconds`, and 0 where it is unknown.
        """
        names = ("seconds", "cpu_seconds", "machine_seconds")
        clocks = (done - go for done, go in zip(self._done, self._go, strict=True))
        status = Path("/proc/self/status").read_text().splitlines()
        peak = next(int(row.split()[1]) * 1024 for row in status if row.startswith("VmHWM"))
        timed = {"amount": self._amount, **dict(zip(names, clocks, strict=True))}
        return timed | self._start | {"peak_memory_bytes": peak}


class LapTimer:
    """Times epochs from now on, without the pauses in which the network is evaluated."""

    def __init__(self) -> None:
        self.laps: list[Lap] = []
        self._began = self._paused = time.perf_counter()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock meanwhile."""
        self._paused = time.perf_counter()
        yield
        self._began += time.perf_counter() - self._paused

    def record(self, test_accuracy: float) -> None:
        """Record an epoch; call it within a pause."""
        lap = {"epoch": len(self.laps) + 1, "seconds": self._paused - self._began}
        self.laps.append(lap | {"test_accuracy": test_accuracy})


def busy_seconds() -> float:
    """Seconds since the system began in which any program used this process's cores."""
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    # user, nice, system, then idle and waiting, then interrupts and what a hypervisor took away.
    ticks = (sum(map(int, [*row[1:4], *row[6:9]])) for row in rows if row and row[0] in ours)
    return sum(ticks) / os.sysconf("SC_CLK_TCK")
