"""Units of work in this process, one after the other: for few that take less than processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from convbias.runs.engines.base import Event, Finished, Report, Work
from convbias.runs.progress import Progress


class Here:
    """This process, without an accelerator."""

    @property
    def accelerator(self) -> bool:
        """Whether it trains on an accelerator."""
        return False

    def processes(self, units: int, most: int | None = None) -> int:
        """One."""
        del units, most
        return 1

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
    ) -> Iterator[HereExecution]:
        """Start to execute; units that were not begun at the end of the context are forgotten."""
        del processes, accelerator
        yield HereExecution(folder, on_progress or (lambda _: None))


class HereExecution:
    """Units of work, each of which is executed when its result is wanted.

    Args:
        folder: of the store that units read and write.
        report: receives their progress, in this thread.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._waiting: deque[Work] = deque()
        self._interrupted = False

    def submit(self, works: Sequence[Work]) -> None:
        """Add units; they are started in this order."""
        self._waiting.extend(works)

    def next(self) -> Event:
        """Execute the next unit.

        Raises:
            KeyboardInterrupt: It was interrupted before.
            Exception: What a unit's function raised.
        """
        if self._interrupted:
            raise KeyboardInterrupt
        work = self._waiting.popleft()
        return Finished(work, work.function(self._folder, self._report, *work.arguments))

    def poll(self) -> Event | None:
        """Execute the next unit, where there is one; else None."""
        return self.next() if self._waiting or self._interrupted else None

    def wake(self) -> None:
        """Let no further unit begin; called while a signal is handled."""
        self._interrupted = True
