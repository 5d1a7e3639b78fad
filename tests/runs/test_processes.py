"""Processes that train and measure stay, however much memory they take."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from convbias.runs.processes import worker_processes

LARGE = 400 * 2**20  # bytes; loky takes 300 MB more for a leak

kept: list[bytes] = []


def grow() -> None:
    kept.append(b"x" * LARGE)


@pytest.mark.integration
def test_a_process_whose_memory_grows_is_not_replaced() -> None:
    assert psutil.cpu_count()  # without psutil loky would not look at the memory
    executor = worker_processes(1)
    try:
        first = executor.submit(os.getpid).result(600)
        time.sleep(1.2)  # loky looks once a second, after a task
        executor.submit(grow).result(600)
        time.sleep(0.5)
        assert executor.submit(os.getpid).result(600) == first
    finally:
        executor.shutdown(wait=True, kill_workers=True)
