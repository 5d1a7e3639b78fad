"""Processes that train and measure: they stay, however much memory they take, and end cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from tools.servers.processes import TIMEOUT, wait_until

from convbias.errors import RunError
from convbias.runs.engines.base import Report, Work, run_all
from convbias.runs.engines.local import Local
from convbias.runs.processes import Workers

LARGE = 400 * 2**20  # bytes; loky takes 300 MB more for a leak

kept: list[bytes] = []


def grow() -> None:
    kept.append(b"x" * LARGE)


@pytest.mark.integration
def test_a_process_whose_memory_grows_is_not_replaced() -> None:
    assert psutil.cpu_count()  # without psutil loky would not look at the memory
    with Workers(1) as workers:
        first = workers.submit(os.getpid).result()
        time.sleep(1.2)  # loky looks once a second, after a task
        workers.submit(grow).result()
        time.sleep(0.5)
        assert workers.submit(os.getpid).result() == first


@pytest.mark.integration
def test_calls_that_no_process_has_begun_are_forgotten() -> None:
    # Where they are not, a thread of loky fails, and pytest takes its error for one of the test.
    for _ in range(5):
        with Workers(1) as workers:
            process = workers.submit(os.getpid).result()
            waiting = [workers.submit(time.sleep, 1_000) for _ in range(20)]
        assert not any(call.done() and call.exception() is None for call in waiting)
        assert not psutil.pid_exists(process)


# Killed while it holds the lock without which loky's processes do not end by themselves.
KILLED = """
import os, signal
from convbias.runs.processes import Workers
workers = Workers(1)
print(workers.submit(os.getpid).result(), flush=True)
workers._processes_management_lock.acquire()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.integration
def test_a_process_without_a_call_ends_with_its_parent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, timeout=TIMEOUT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    process = int(done.stdout)
    wait_until(
        lambda: (
            not psutil.pid_exists(process)
            or psutil.Process(process).status() == psutil.STATUS_ZOMBIE
        )
    )


def called(_folder: Path, _report: Report, function: Callable[..., Any], argument: object) -> Any:
    return function(argument)


def execute_all(
    folder: Path, calls: Sequence[tuple[Any, ...]], on_result: Callable[[Any], object]
) -> None:
    works = [Work(called, call) for call in calls]
    opened = Local().open(folder, 2)
    run_all(opened, works, on_result, lambda work: [work], lambda _: RunError("lost"))


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_processes_and_is_handled_then(
    tmp_path: Path, number: signal.Signals
) -> None:
    results: list[int] = []
    left: list[list[str]] = []
    before = set(psutil.Process().children())

    def handler(*_: object) -> None:
        left.extend(each.cmdline() for each in set(psutil.Process().children()) - before)
        raise KeyboardInterrupt(number)

    def on_result(result: int) -> None:
        os.kill(os.getpid(), number)
        results.append(result)  # undisturbed

    previous = signal.signal(number, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            execute_all(tmp_path, [(abs, -1), *[(time.sleep, 1_000)] * 5], on_result)
    finally:
        signal.signal(number, previous)
    assert results == [1]
    # The process that counts semaphores serves this one as long as it lives.
    assert not [command for command in left if "resource_tracker" not in " ".join(command)]


def test_an_error_in_a_process_is_raised_here(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        execute_all(tmp_path, [(int, "none"), (time.sleep, 1_000)], print)
