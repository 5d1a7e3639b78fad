"""Units of work on a Ray cluster, whose machines share no folder with this one.

One task per unit, of one CPU or of a part of a GPU, in processes that Ray starts anew, with one
thread each. What a task leaves comes home as bytes and is stored here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from convbias.errors import InputError
from convbias.runs.engines.base import Event, Finished, Lost, Waiting, Work
from convbias.runs.engines.local import PROCESSES_ON_ACCELERATOR
from convbias.runs.engines.parcels import Outcome, Parcel, execute_parcel, packed, store_files
from convbias.runs.engines.ray_address import SECONDS_TO_CONNECT
from convbias.runs.engines.ray_connection import connect
from convbias.runs.identity import checksums_of, identity
from convbias.runs.progress import SECONDS_BETWEEN_LOOKS, Progress
from convbias.runs.worker import ONE_THREAD, on_accelerator
from convbias.spec.formatting import counted

SECONDS_UNTIL_WAITING = 10
SECONDS_BETWEEN_REMARKS = 60


class Ray:
    """A Ray cluster.

    Args:
        address: `HOST:PORT` of a cluster that this machine is a node of, or `ray://HOST:PORT` of
            one that it is not; without an address the cluster that runs on this machine, or one
            that is started for as long as this process lives.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    @property
    def accelerator(self) -> bool:
        """Whether the cluster has GPUs."""
        return self._resource("GPU") > 0

    def processes(self, units: int, most: int | None = None) -> int:
        """As many units as the cluster has CPUs, or a few on every GPU."""
        room = self._resource("CPU")
        if self.accelerator:
            room = self._resource("GPU") * PROCESSES_ON_ACCELERATOR
        return min(most or max(int(room), 1), units)

    def plan(self, units: int, most: int | None = None) -> Sequence[str]:
        """The cluster's size, and what of it is used."""
        nodes = sum(bool(node["Alive"]) for node in self._ray.nodes())
        processors, accelerators = self._resource("CPU"), self._resource("GPU")
        size = f"{counted(nodes, 'node')} with {processors:g} CPU and {accelerators:g} GPU"
        at_once = self.processes(units, most)
        return [f"Ray: {size}; {counted(units, 'task')}, {at_once} at the same time."]

    @contextmanager
    def open(
        self,
        folder: Path,
        processes: int,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        accelerator: bool = False,
    ) -> Iterator[RayExecution]:
        """Start to execute; at the end of the context, also on Ctrl-C, tasks are cancelled."""
        execution = RayExecution(self._ray, folder, processes, on_progress, accelerator)
        with execution:
            yield execution

    def close(self) -> None:
        """Leave the cluster, which ends where it was started here."""
        if "_ray" in self.__dict__:
            self._ray.shutdown()
            del self.__dict__["_ray"]

    def _resource(self, name: str) -> float:
        return self._ray.cluster_resources().get(name, 0.0)

    @cached_property
    def _ray(self) -> Any:  # noqa: ANN401 - a module
        """The module, connected to the cluster."""
        return connect(self._address)


class RayExecution:
    """Units of work on a Ray cluster, as a context at whose end tasks are cancelled.

    Args:
        ray: the module, connected.
        folder: of the store, at home.
        processes: most tasks at the same time.
        on_progress: called from another thread with what tasks report.
        accelerator: whether tasks use a part of a GPU.
    """

    def __init__(
        self,
        ray: Any,  # noqa: ANN401 - a module
        folder: Path,
        processes: int,
        on_progress: Callable[[Progress], None] | None,
        accelerator: bool,
    ) -> None:
        self._ray = ray
        self._folder = folder
        self._processes = processes
        self._on_progress = on_progress
        self._needs = {"num_cpus": 1.0}
        variables = ONE_THREAD
        if accelerator:
            self._needs = {"num_cpus": 1.0, "num_gpus": 1 / PROCESSES_ON_ACCELERATOR}
            variables = on_accelerator(PROCESSES_ON_ACCELERATOR)
        # Whether and how often a lost task is repeated is decided here.
        self._task = ray.remote(_task).options(
            **self._needs, max_retries=0, runtime_env={"env_vars": variables}
        )
        self._notes = ray.remote(Notes).options(num_cpus=0, max_restarts=-1).remote()
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._waiting: deque[Work] = deque()
        self._in_progress: dict[Any, tuple[Work, Any]] = {}
        self._begun_at = time.monotonic()  # when a task last began or ended
        self._remarked_at = 0.0
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read_notes, name="progress", daemon=True)

    def __enter__(self) -> RayExecution:
        self._reader.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for _, reference in self._in_progress.values():
            with suppress(self._ray.exceptions.RayError, ValueError):
                self._ray.cancel(reference, force=True)
        self._reader.join()
        self._report_notes()
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(self._notes)

    def wake(self) -> None:
        """Interrupt the wait in `next`; called while a signal is handled."""
        self._done.put(None)

    def submit(self, works: Sequence[Work]) -> None:
        """Add units; they are started in this order."""
        self._waiting.extend(works)
        self._fill()

    def next(self) -> Event:
        """Wait for the next unit that ends, and store what it left.

        Raises:
            KeyboardInterrupt: The wait was interrupted.
            StorageError: What came home cannot be stored.
            Exception: What a unit's function raised.
        """
        while True:
            try:
                future = self._done.get(timeout=1)
            except Empty:
                if (waiting := self._remark()) is not None:
                    return waiting
                continue
            return self._ended(future)

    def poll(self) -> Event | None:
        """What `next` would return or raise, where it would not wait; else None."""
        try:
            future = self._done.get_nowait()
        except Empty:
            return self._remark()
        return self._ended(future)

    def _ended(self, future: Any) -> Event:  # noqa: ANN401 - Ray's
        if future is None:
            raise KeyboardInterrupt
        self._begun_at = time.monotonic()
        work, _ = self._in_progress.pop(future)
        self._fill()
        errors = self._ray.exceptions
        try:
            outcome: Outcome = future.result()
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            raise InputError(
                f"a worker cannot begin: {str(error).strip().splitlines()[-1]}",
                "the same version of convbias on every machine of the cluster",
                "install it there, or take that machine out of the cluster",
            ) from error
        except errors.RayError as error:
            return Lost((work,), _reason(error))
        if outcome.error is not None:
            raise outcome.error
        store_files(outcome.files, self._folder)
        return Finished(work, outcome.result)

    def _fill(self) -> None:
        while self._waiting and len(self._in_progress) < self._processes:
            work = self._waiting.popleft()
            parcel = packed(work, identity(), checksums_of(work.arms), self._folder)
            reference = self._task.remote(parcel, self._notes)
            future = reference.future()
            self._in_progress[future] = (work, reference)
            future.add_done_callback(self._done.put)

    def _remark(self) -> Waiting | None:
        """What is waited for, where no task has begun for some time; not too often."""
        now = time.monotonic()
        if now - self._begun_at < SECONDS_UNTIL_WAITING:
            return None
        if now - self._remarked_at < SECONDS_BETWEEN_REMARKS:
            return None
        kind, amount = list(self._needs.items())[-1]
        name = {"num_cpus": "CPU", "num_gpus": "GPU"}[kind]
        free = self._ray.available_resources().get(name, 0.0)
        if free >= amount:
            return None  # tasks are being started
        total = self._ray.cluster_resources().get(name, 0.0)
        self._remarked_at = now
        count = len(self._in_progress)
        wait = f"{amount:g} {name}" if count == 1 else f"{amount:g} {name} each"
        return Waiting(
            f"{count} {'task waits' if count == 1 else 'tasks wait'} for {wait}: of the cluster's"
            f" {total:g} {name}, {free:g} are free"
        )

    def _read_notes(self) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_LOOKS):
            self._report_notes()

    def _report_notes(self) -> None:
        with suppress(self._ray.exceptions.RayError):
            for note in self._ray.get(self._notes.take.remote(), timeout=SECONDS_TO_CONNECT):
                self._begun_at = time.monotonic()
                if self._on_progress is not None and note is not None:
                    self._on_progress(note)


class Notes:
    """An actor that keeps what tasks report until it is taken."""

    def __init__(self) -> None:
        self._kept: list[Progress | None] = []

    def put(self, note: Progress | None) -> None:
        """Keep a report; None says that a task has begun."""
        self._kept.append(note)

    def take(self) -> list[Progress | None]:
        """What was reported since the last call."""
        kept, self._kept = self._kept, []
        return kept


def _task(parcel: Parcel, notes: Any) -> Outcome:  # noqa: ANN401 - a handle of an actor
    notes.put.remote(None)
    return execute_parcel(parcel, notes.put.remote)


def _reason(error: Exception) -> str:
    """Why a task was lost, as a clause."""
    reasons = {
        "OutOfMemoryError": "a machine ran out of memory and ended a task",
        "NodeDiedError": "a machine of the cluster died",
        "WorkerCrashedError": "a process died",
    }
    return reasons.get(type(error).__name__, "a machine or process of the cluster died")
