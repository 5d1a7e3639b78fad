"""Training progress: a live table on a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from convbias.runs.progress import Progress
from convbias.runs.record import run_key
from convbias.spec.study import PlannedRun


@dataclass
class _Row:
    """A run that was started.

    Args:
        progress: its latest progress.
        seen_at: when that was received, in seconds of the clock.
    """

    progress: Progress
    seen_at: float


class LiveProgress:
    """Shows how far runs are, and estimates the time left.

    Args:
        console: where to print.
        planned: the runs to train.
        names: hash of each arm to its name.
        jobs: number of runs trained at the same time.
        is_stored: whether the run with this key is stored already.
        clock: returns seconds since an arbitrary start.
    """

    def __init__(
        self,
        console: Console,
        planned: Sequence[PlannedRun],
        names: Mapping[str, str],
        jobs: int,
        is_stored: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._jobs = jobs
        self._is_stored = is_stored
        self._clock = clock
        self._arms = {run_key(arm, seed): names[arm.hash] for arm, seed in planned}
        self._epochs_left = {run_key(arm, seed): arm.recipe.epochs for arm, seed in planned}
        self._epoch_seconds: dict[str, list[float]] = {}
        self._running: dict[str, _Row] = {}
        self._live: Live | None = None

    def start(self) -> None:
        """Show the table, where the console is a terminal."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, get_renderable=self.table)
            self._live.start()

    def stop(self) -> None:
        """Leave the table as it is."""
        if self._live is not None:
            self._live.stop()

    def update(self, progress: Progress) -> None:
        """Take note of a started run or a finished epoch.

        Args:
            progress: how far the run is.
        """
        now = self._clock()
        before = self._running.get(progress.key)
        if before is not None and progress.epoch == before.progress.epoch + 1:
            seconds = self._epoch_seconds.setdefault(self._arms[progress.key], [])
            seconds.append(now - before.seen_at)
        self._running[progress.key] = _Row(progress, now)
        self._epochs_left[progress.key] = progress.epochs - progress.epoch
        if self._live is None and progress.latest is not None:
            self._console.print(self.line(progress))

    def line(self, progress: Progress) -> str:
        """One finished epoch as a line of text."""
        arm, seed, epoch, loss, accuracy, speed, _ = self._cells(progress)
        return (
            f"{arm} seed {seed}: epoch {epoch}, loss {loss}, validation accuracy {accuracy},"
            f" {speed} images/s; {self._summary()}"
        )

    def table(self) -> Group:
        """The runs in progress, and a summary."""
        rows = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("arm", "seed", "epoch", "loss", "validation accuracy", "images/s", "left"):
            if column == "arm":
                rows.add_column(column, overflow="fold")
            else:
                rows.add_column(column, justify="right", no_wrap=True)
        # A copy, because updates come from another thread.
        for key, row in list(self._running.items()):
            if not self._is_stored(key):
                rows.add_row(*self._cells(row.progress))
        return Group(rows, Text(self._summary(), style="bold"))

    def seconds_left(self, key: str | None = None) -> float | None:
        """Estimate the time left from the epochs so far.

        Args:
            key: the key of one run; all runs when absent.

        Returns:
            Seconds, None before the first epoch has ended. Arms without a finished epoch are
            assumed to be as slow as the slowest other arm.
        """
        # A copy, because updates come from another thread.
        pace = {arm: statistics.fmean(times) for arm, times in list(self._epoch_seconds.items())}
        if not pace:
            return None
        slowest = max(pace.values())
        keys = [key] if key else [each for each in self._arms if not self._is_stored(each)]
        work = sum(self._epochs_left[each] * pace.get(self._arms[each], slowest) for each in keys)
        return work if key else work / min(self._jobs, max(1, len(keys)))

    def _summary(self) -> str:
        stored = sum(map(self._is_stored, self._arms))
        left = self.seconds_left()
        trained = f"{stored} of {len(self._arms)} runs trained"
        return trained if left is None else f"{trained}, about {duration(left)} left"

    def _cells(self, progress: Progress) -> tuple[str, ...]:
        left = self.seconds_left(progress.key)
        latest = progress.latest
        return (
            self._arms[progress.key],
            str(progress.seed),
            f"{progress.epoch}/{progress.epochs}",
            f"{latest.train_loss:.3f}" if latest else "",
            f"{100 * latest.validation_accuracy:.1f} %" if latest else "",
            f"{progress.images_per_second:,.0f}" if latest else "",
            duration(left) if left is not None else "",
        )


def duration(seconds: float) -> str:
    """Format a duration.

    Example:
        >>> duration(41), duration(125), duration(7_260)
        ('41 s', '2 min 05 s', '2 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"
