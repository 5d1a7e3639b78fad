"""What all contenders do alike: read the task, warm up, wait for the start, train, report.

The rivals run under an environment of their own, so this module needs the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = "ready"
BATCH_SIZE = 128
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Task:
    """What a contender is to do.

    Args:
        arm: The network: `dense`, or `cnn-3x3` with any odd kernel size.
        dataset: The data set that the images are from.
        images: An .npz file with images uint8 (n, 28, 28, 1) and labels uint8 (n,).
        steps: Batches in an epoch; n is this times the batch size.
        seconds: Train at least this long, to the end of the epoch.
        started: When the process was started, in seconds since 1970.
    """

    arm: str
    dataset: str
    images: Path
    steps: int
    seconds: float
    started: float

    @property
    def kernel_size(self) -> int | None:
        """Pixels per side, or None for the dense network."""
        return None if self.arm == "dense" else int(self.arm.rpartition("x")[2])

    @property
    def epoch_images(self) -> int:
        """Images that are trained on in one epoch."""
        return self.steps * BATCH_SIZE

    def arguments(self) -> list[str]:
        """The task as a command line, for `read_task`."""
        return [f"--{name}={value}" for name, value in vars(self).items()]


def read_task() -> Task:
    """The task on this process's command line."""
    parser = argparse.ArgumentParser(description="A contender; benchmarks/throughput.py starts it.")
    for name, kind in (("arm", str), ("dataset", str), ("images", Path), ("steps", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--started", type=float, required=True)
    return Task(**vars(parser.parse_args()))


class Stopwatch:
    """Times whole epochs, after a first one that warms up and waits for the other processes."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._amount = 0
        self._start_seconds = self._compile_seconds = self._warm_up_seconds = 0.0
        self._ready: tuple[float, float, float] | None = None
        self._go: tuple[float, float, float] | None = None
        self._done: tuple[float, float, float] | None = None

    def started(self, compile_seconds: float = 0.0) -> None:
        """Call when the first training step can begin, or has just ended if it compiles.

        Args:
            compile_seconds: How much of the time so far is compilation, where that is known.
        """
        self._start_seconds = time.time() - self._task.started
        self._compile_seconds = compile_seconds
        self._ready = _clocks()

    def epoch_done(self, amount: int) -> bool:
        """Call after every epoch, the first one being the warm-up.

        Args:
            amount: What the epoch worked through: images, or floating-point operations.

        Returns:
            Whether to train another epoch.
        """
        now = _clocks()
        if self._ready is None:
            raise RuntimeError("an epoch ended before the stopwatch was told of the start")
        if self._go is None:
            self._warm_up_seconds = now[0] - self._ready[0]
            print(READY, flush=True)
            sys.stdin.readline()
            self._go = _clocks()
            return True
        self._amount += amount
        self._done = now
        return now[0] - self._go[0] < self._task.seconds

    def report(self) -> None:
        """Print the measurement as one line of JSON."""
        if self._go is None or self._done is None:
            raise RuntimeError("no epoch was timed")
        wall, cpu, busy = (done - go for done, go in zip(self._done, self._go, strict=True))
        measurement = {
            "amount": self._amount,
            "seconds": wall,
            "cpu_seconds": cpu,
            "machine_seconds": busy,
            "start_seconds": self._start_seconds,
            "compile_seconds": self._compile_seconds,
            "warm_up_seconds": self._warm_up_seconds,
            "peak_memory_bytes": _peak_memory_bytes(),
        }
        print(json.dumps(measurement), flush=True)


class LapTimer:
    """Times training from now on, without the pauses in which it is scored."""

    def __init__(self) -> None:
        self._began = self._paused = time.perf_counter()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave what happens within out of the time."""
        self._paused = time.perf_counter()
        yield
        self._began += time.perf_counter() - self._paused

    def report(self, epoch: int, test_accuracy: float) -> None:
        """Print an epoch as one line of JSON; call it within a pause."""
        lap = {
            "epoch": epoch,
            "seconds": self._paused - self._began,
            "test_accuracy": test_accuracy,
        }
        print(json.dumps(lap), flush=True)


def _clocks() -> tuple[float, float, float]:
    """Seconds: on the wall, of this process on all cores, of all processes on our cores."""
    return time.perf_counter(), time.process_time(), busy_seconds()


def busy_seconds() -> float:
    """Seconds that all programs together have used this process's cores, since the system began."""
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    # user, nice, system, then idle and waiting, then interrupts and what a hypervisor took away.
    ticks = (sum(map(int, [*row[1:4], *row[6:9]])) for row in rows if row and row[0] in ours)
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _peak_memory_bytes() -> int:
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("VmHWM"))
