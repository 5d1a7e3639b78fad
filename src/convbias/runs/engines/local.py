"""Units of work in processes of this machine, which write into the store themselves.

On a CPU: one process per core, each with one thread. On an accelerator: a few processes share it,
and compute while one of them compiles.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from joblib.externals.loky.process_executor import TerminatedWorkerError

from convbias.runs import machine
from convbias.runs.compiled import cache_variables
from convbias.runs.engines.base import Event, Finished, Lost, Work
from convbias.runs.processes import Workers, call
from convbias.runs.progress import NOTES_PREFIX, Progress, watch
from convbias.runs.worker import ONE_THREAD, on_accelerator

PROCESSES_ON_ACCELERATOR = 4  # most of an arm's time is compiling, on one core each


class Local:
    """Processes of this machine, with one thread each."""

    @property
    def accelerator(self) -> bool:
        """Whether it trains on an accelerator."""
        return machine.has_accelerator()

    def processes(self, units: int, most: int | None = None) -> int:
        """One process per core, or a few that share an accelerator, but not more than units."""
        usual = PROCESSES_ON_ACCELERATOR if self.accelerator else machine.cores()
        return min(most or usual, units)

    def plan(self, units: int, most: int | None = None) -> Sequence[str]:
        """Nothing is asked of a cluster."""
        del units, most
        return ()

    @contextmanager
    def open(
        self,
        folder: Path,
        processes: int,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        accelerator: bool = False,
    ) -> Iterator[LocalExecution]:
        """Start processes; at the end of the context, also on Ctrl-C, none is left.

        Progress comes through small files beside the runs, because a process that is killed while
        it reports must not block the others.
        """
        notes = folder / f"{NOTES_PREFIX}{os.getpid()}"
        with (
            watch(notes, on_progress),
            started(folder, notes, processes, accelerator=accelerator) as execution,
        ):
            yield execution


@contextmanager
def started(
    folder: Path, notes: Path, processes: int, *, accelerator: bool
) -> Iterator[LocalExecution]:
    """Start processes of this machine, of which none is left at the end of the context.

    Args:
        folder: of the store that units read and write.
        notes: receives a small file with every progress, for `watch`.
        processes: how many.
        accelerator: whether they use an accelerator.
    """
    variables = on_accelerator(processes) if accelerator else ONE_THREAD | cache_variables()
    done: SimpleQueue[Future[Any] | None] = SimpleQueue()
    with ExitStack() as open_workers:
        yield LocalExecution(
            done,
            lambda: open_workers.enter_context(Workers(processes, variables)),
            partial(call, folder, notes),
        )


class LocalExecution:
    """Units of work in processes of this machine.

    Args:
        done: receives each ended call, and None after an interrupt.
        start: starts processes.
        call: called in a process with a function and its arguments.
    """

    def __init__(
        self,
        done: SimpleQueue[Future[Any] | None],
        start: Callable[[], Workers],
        call: Callable[..., Any],
    ) -> None:
        self._done = done
        self._start = start
        self._call = call
        self._workers: Workers | None = None
        self._in_progress: dict[Future[Any], Work] = {}

    def submit(self, works: Sequence[Work]) -> None:
        """Add units; they are started in this order."""
        for work in works:
            if self._workers is None:
                self._workers = self._start()
            # Also a single unit in a process of its own: a crash would end this one.
            future = self._workers.submit(self._call, work.function, *work.arguments)
            self._in_progress[future] = work
            future.add_done_callback(self._done.put)

    def next(self) -> Event:
        """Wait for the next unit that ends; when a process dies, all that have not ended are lost.

        Raises:
            KeyboardInterrupt: The wait was interrupted.
            Exception: What a unit's function raised.
        """
        while (event := self._event(self._done.get())) is None:
            pass
        return event

    def poll(self) -> Event | None:
        """What `next` would return or raise, where it would not wait; else None."""
        event = None
        while event is None:
            try:
                future = self._done.get_nowait()
            except Empty:
                return None
            event = self._event(future)
        return event

    def wake(self) -> None:
        """Interrupt the wait in `next`; called while a signal is handled."""
        self._done.put(None)

    def _event(self, future: Future[Any] | None) -> Event | None:
        if future is None:
            raise KeyboardInterrupt
        if future not in self._in_progress:
            return None  # was lost with others
        work = self._in_progress.pop(future)
        try:
            return Finished(work, future.result())
        except TerminatedWorkerError:
            lost = (work, *self._in_progress.values())
            self._in_progress.clear()
            self._workers = None
            return Lost(lost, "a process died")
