"""Training progress: a live table on a screen, one line per finished run elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from convbias.runs.cost import RunCost, process_start_seconds, seconds_in_processes
from convbias.runs.observer import TrainingPlan
from convbias.runs.progress import Progress
from convbias.runs.record import Run, run_key

REFRESHES_PER_SECOND = 2
EQUAL_COST = RunCost(once=0.0, per_epoch=1.0)  # of every arm, where nothing was predicted


@dataclass
class _Row:
    """A run that was started.

    Args:
        progress: its latest progress.
        started_at: when it started, in seconds of the clock.
        seconds: from its start to the end of its latest epoch.
        predicted: the same, as predicted.
        compiled: whether an earlier run had compiled its arm.
    """

    progress: Progress
    started_at: float
    compiled: bool = False
    seconds: float = 0.0
    predicted: float = 0.0


class LiveProgress:
    """Shows how far runs are, and estimates the time left.

    Args:
        console: where to print.
        plan: the runs to train, in how many processes, and what they are predicted to cost.
        names: hash of each arm to its name.
        is_stored: whether the run with this key is stored already.
        screen: whether to show a table that changes, instead of lines.
        below: returns what is shown under the table.
        seconds_after: what follows training is predicted to take; it is a part of the time left.
        clock: returns seconds since an arbitrary start.
    """

    def __init__(
        self,
        console: Console,
        plan: TrainingPlan,
        names: Mapping[str, str],
        is_stored: Callable[[str], bool],
        *,
        screen: bool,
        below: Callable[[], RenderableType | None] = lambda: None,
        seconds_after: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._processes = plan.processes
        self._predicted = bool(plan.costs)
        self._is_stored = is_stored
        self._screen = screen
        self._below = below
        self._seconds_after = seconds_after
        self._clock = clock
        self._arms = {run_key(arm, seed): arm for arm, seed in plan.missing}
        self._costs = {arm.hash: plan.costs.get(arm.hash, EQUAL_COST) for arm, _ in plan.missing}
        self._names = names
        self._started: dict[str, _Row] = {}
        self._compiled: set[str] = set()  # hashes of arms
        self._live: Live | None = None

    def start(self) -> None:
        """Show the table, where there is a screen."""
        if self._screen:
            self._live = Live(
                console=self._console,
                get_renderable=self.table,
                refresh_per_second=REFRESHES_PER_SECOND,
            )
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
        row = self._started.get(progress.key)
        if row is None or progress.epoch == 0:  # also of a run whose process died
            row = _Row(progress, now, self._arms[progress.key].hash in self._compiled)
        else:
            arm = self._arms[progress.key].hash
            predicted = self._costs[arm].until(progress.epoch, compiled=row.compiled)
            seconds = now - row.started_at
            row = _Row(progress, row.started_at, row.compiled, seconds, predicted)
            self._compiled.add(arm)
        self._started[progress.key] = row

    def stored(self, run: Run) -> None:
        """Take note of a run that was stored.

        Args:
            run: the run.
        """
        if not self._screen:
            self._console.print(self.line(run), soft_wrap=True)

    def line(self, run: Run) -> str:
        """A run that was stored as a line of text."""
        scores = run.test or run.validation
        if scores is None:
            result = f"diverged, {run.reason}"
        else:
            images = "test" if run.test else "validation"
            result = f"{images} accuracy {100 * scores.accuracy:.1f} %"
        name = self._names[run.arm_hash]
        seconds = duration(run.cost.wall_seconds)
        return f"{name} seed {run.seed}: {result}, trained in {seconds}; {self._summary()}"

    def table(self) -> Group:
        """The runs in progress, a summary, and what is shown below."""
        rows = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("arm", "seed", "epoch", "loss", "validation accuracy", "images/s", "left"):
            if column == "arm":
                rows.add_column(column, overflow="fold")
            else:
                rows.add_column(column, justify="right", no_wrap=True)
        # A copy, because updates come from another thread.
        for key, row in list(self._started.items()):
            if not self._is_stored(key):
                rows.add_row(*self._cells(row.progress))
        shown: list[RenderableType] = [rows, Text(self._summary(), style="bold")]
        if (below := self._below()) is not None:
            shown += ["", below]
        return Group(*shown)

    def seconds_left(self, key: str | None = None) -> float | None:
        """Estimate the time left: as predicted, times how much longer the epochs so far took.

        Args:
            key: the key of one run; all runs when absent.

        Returns:
            Seconds; None before the first epoch has ended where nothing was predicted. Arms without
            a finished epoch are assumed to deviate from the prediction as all others together.
        """
        # A copy, because updates come from another thread.
        started = dict(self._started)
        if not self._predicted and not any(row.predicted for row in started.values()):
            return None
        overall = _times_prediction(started.values()) or 1.0
        rows: dict[str, list[_Row]] = {}
        for each, row in started.items():
            rows.setdefault(self._arms[each].hash, []).append(row)
        by_arm = {arm: _times_prediction(of_arm) or overall for arm, of_arm in rows.items()}

        now = self._clock()
        compiled = set(self._compiled)

        def left(each: str) -> float:
            arm = self._arms[each]
            cost, pace = self._costs[arm.hash], by_arm.get(arm.hash, overall)
            row = started.get(each)
            if row is None:
                is_compiled = arm.hash in compiled
                compiled.add(arm.hash)  # by this run, before those that wait
                return pace * cost.until(arm.recipe.epochs, compiled=is_compiled)
            compiled.add(arm.hash)
            total = cost.until(arm.recipe.epochs, compiled=row.compiled)
            next_epoch = min(row.progress.epoch + 1, arm.recipe.epochs)
            since_latest = now - row.started_at - row.seconds
            after_next = pace * (total - cost.until(next_epoch, compiled=row.compiled))
            return max(pace * (total - row.predicted) - since_latest, after_next)

        if key:
            return left(key)
        waiting = [each for each in self._arms if not self._is_stored(each)]
        # Those in progress have their processes already.
        waiting.sort(key=lambda each: each not in started)
        start = process_start_seconds() if self._predicted and not started else 0.0
        training = seconds_in_processes(map(left, waiting), self._processes)
        return start + training + overall * self._seconds_after

    def _summary(self) -> str:
        stored = sum(map(self._is_stored, self._arms))
        left = self.seconds_left()
        trained = f"{stored} of {len(self._arms)} runs trained"
        return trained if left is None else f"{trained}, about {duration(left)} left"

    def _cells(self, progress: Progress) -> tuple[str, ...]:
        left = self.seconds_left(progress.key)
        latest = progress.latest
        return (
            self._names[self._arms[progress.key].hash],
            str(progress.seed),
            f"{progress.epoch}/{progress.epochs}",
            f"{latest.train_loss:.3f}" if latest else "",
            f"{100 * latest.validation_accuracy:.1f} %" if latest else "",
            f"{progress.images_per_second:,.0f}" if latest else "",
            duration(left) if left is not None else "",
        )


def _times_prediction(rows: Iterable[_Row]) -> float | None:
    """How many times longer than predicted the epochs took; None when none has ended."""
    seconds, predicted = 0.0, 0.0
    for row in rows:
        seconds += row.seconds
        predicted += row.predicted
    return seconds / predicted if predicted else None


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
