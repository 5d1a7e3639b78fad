"""Progress of measuring: a bar on a screen, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from convbias.cli.live import duration
from convbias.runs.cost import process_start_seconds
from convbias.runs.observer import MeasuringPlan

SECONDS_BETWEEN_LINES = 60.0


class MeasuringProgress:
    """Shows how many measurements are taken, and estimates the time left.

    Args:
        console: where to print.
        plan: the measurements to take, and what they are predicted to cost.
        screen: whether to show a bar that changes, instead of lines.
        clock: returns seconds since an arbitrary start.
    """

    def __init__(
        self,
        console: Console,
        plan: MeasuringPlan,
        *,
        screen: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._plan = plan
        self._screen = screen
        self._clock = clock
        self._started_at = self._line_at = clock()
        self._bar = Progress(
            TextColumn("measuring"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=console,
        )

    def start(self) -> None:
        """Say how much is to do, and show the bar where there is a screen."""
        total = len(self._plan.missing)
        self._console.print(f"{total} measurements to take, {self._left(0)}", soft_wrap=True)
        if self._screen:
            self._bar.add_task(self._left(0), total=total)
            self._bar.start()

    def update(self, count: int) -> None:
        """Take note of how many measurements are taken.

        Args:
            count: the number.
        """
        total, now = len(self._plan.missing), self._clock()
        if self._screen:
            self._bar.update(self._bar.task_ids[0], completed=count, description=self._left(count))
        elif count == total or now - self._line_at >= SECONDS_BETWEEN_LINES:
            self._line_at = now
            left = "" if count == total else f", {self._left(count)}"
            self._console.print(f"{count} of {total} measurements taken{left}", soft_wrap=True)

    def stop(self) -> None:
        """Leave the bar as it is."""
        if self._screen:
            self._bar.stop()

    def seconds_left(self, count: int) -> float:
        """Estimate the time left: as predicted, times how much longer it took so far.

        Args:
            count: how many measurements are taken, in the order of the plan.
        """
        processes = self._plan.processes
        done = sum(self._plan.seconds[:count]) / processes
        rest = sum(self._plan.seconds[count:]) / processes
        if not count:
            return process_start_seconds() + rest
        return rest * (self._clock() - self._started_at) / (process_start_seconds() + done)

    def _left(self, count: int) -> str:
        return f"about {duration(self.seconds_left(count))} left"
