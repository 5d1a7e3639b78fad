"""Progress of measuring: a bar on a screen, lines in a file, and how long it will take."""

from __future__ import annotations

import io

from rich.console import Console

from convbias.cli.measuring import MeasuringProgress
from convbias.runs.cost import process_start_seconds
from convbias.runs.observer import MeasuringPlan
from factories import make_arm


class Shown:
    """Measurements of 10, 10, 30 and 30 s in two processes."""

    def __init__(self, *, screen: bool) -> None:
        self.now = 0.0
        self.file = io.StringIO()
        arm = make_arm("cnn-3x3")
        plan = MeasuringPlan(
            missing=tuple((arm, seed, "embedding") for seed in range(4)),
            without_network={},
            processes=2,
            seconds=(10, 10, 30, 30),
        )
        console = Console(file=self.file, force_terminal=screen, width=200)
        self.progress = MeasuringProgress(console, plan, screen=screen, clock=lambda: self.now)


def test_the_time_left_is_as_predicted_at_the_pace_so_far() -> None:
    shown = Shown(screen=False)
    start = process_start_seconds()
    assert shown.progress.seconds_left(0) == start + 40
    shown.now = 3 * (start + 10)  # three times as long as predicted
    assert shown.progress.seconds_left(2) == 3 * 30
    assert shown.progress.seconds_left(4) == 0


def test_a_line_a_minute_where_there_is_no_screen() -> None:
    shown = Shown(screen=False)
    shown.progress.start()
    for count, shown.now in ((1, 30), (2, 70), (3, 80), (4, 90)):
        shown.progress.update(count)
    shown.progress.stop()
    first, second, last = shown.file.getvalue().splitlines()
    assert first.startswith("4 measurements to take, about ")
    assert second.startswith("2 of 4 measurements taken, about ")
    assert last == "4 of 4 measurements taken"


def test_a_bar_where_there_is_a_screen() -> None:
    shown = Shown(screen=True)
    shown.progress.start()
    shown.progress.update(3)
    shown.progress.stop()
    assert "3/4" in shown.file.getvalue()
    assert "measurements taken" not in shown.file.getvalue()
