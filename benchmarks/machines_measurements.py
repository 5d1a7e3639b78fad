"""Single measurements of engines, for benchmarks/machines.py."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contender import answer
from tools.servers.ray_cluster import ray_cluster

from convbias.errors import RunError
from convbias.runs.engines.base import Engine, Lost, Report, Work, take_results
from convbias.runs.engines.local import Local
from convbias.runs.engines.ray import Ray
from convbias.runs.store import Store
from convbias.runs.sweep import sweep
from convbias.spec.arms import Arm, DataVariant, Dense
from convbias.spec.recipes import classic


def leave(folder: Path, _report: Report, name: str, size: int) -> None:
    """A unit without work: it leaves a file."""
    (folder / name).write_bytes(bytes(size))


def dispatch(nodes: int, units: int, size: int) -> dict[str, float]:
    """Seconds per unit that only leaves a file, one after the other on each of the processes.

    Args:
        nodes: of a Ray cluster with one CPU each; 0 for processes of this machine.
        units: how many.
        size: bytes of the file.
    """
    with _engine(nodes) as engine, tempfile.TemporaryDirectory() as name:
        processes = nodes or 1
        with engine.open(Path(name), processes) as execution:

            def seconds(count: int, prefix: str) -> float:
                works = [Work(leave, (f"{prefix}{number}.keras", size)) for number in range(count)]
                started = time.perf_counter()
                execution.submit(works)
                take_results(execution, count, lambda _: None, lambda _: (), _lost)
                return time.perf_counter() - started

            seconds(2 * processes, "first")  # starts the processes
            return {"seconds": seconds(units, "unit") / units}


def study(nodes: int, cpus: int, runs: int, epochs: int) -> dict[str, float]:
    """Seconds of training dense networks, with the start of the processes.

    Args:
        nodes: of a Ray cluster; 0 for processes of this machine.
        cpus: of every node.
        runs: how many.
        epochs: of each, of 2,000 images.
    """
    images = DataVariant(dataset="drawn", training_images=2_000)
    arm = Arm(data=images, model=Dense(), recipe=classic(epochs))
    with _engine(nodes, cpus) as engine, tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        planned = [(arm, seed) for seed in range(runs)]
        trained = sweep(planned, Store(name), jobs=2, engine=engine).trained
        if len(trained) != runs:
            raise RuntimeError(f"{len(trained)} of {runs} runs were trained")
        return {"seconds": time.perf_counter() - started}


@contextmanager
def _engine(nodes: int, cpus: int = 1) -> Iterator[Engine]:
    if nodes == 0:
        yield Local()
        return
    with ray_cluster(os.environ.__setitem__, cpus) as cluster:
        for _ in range(nodes - 1):
            cluster.add_node()
        engine = Ray(cluster.address)
        yield engine
        engine.close()


def _lost(lost: Lost) -> RunError:
    return RunError(lost.reason)


if __name__ == "__main__":
    answer(dispatch, study)
