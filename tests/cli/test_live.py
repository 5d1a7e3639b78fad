"""Progress as people see it: a table on a screen, lines in a file, and how long it will take."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from convbias.cli.live import LiveProgress, duration
from convbias.networks.scores import Epoch
from convbias.runs.cost import RunCost, process_start_seconds
from convbias.runs.observer import TrainingPlan
from convbias.runs.progress import Progress
from convbias.runs.record import run_key
from convbias.spec.arms import Arm
from convbias.spec.names import arm_names
from factories import make_arm, make_run


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Shown:
    """Arms of two epochs with two seeds each, two arms by default, on a screen or in a file.

    Args:
        *arms: the arms.
        terminal: whether it is a screen.
        costs: of each arm; nothing is predicted by default.
        seconds_after: what follows training is predicted to take.
    """

    def __init__(
        self,
        *arms: Arm,
        terminal: bool,
        costs: Sequence[RunCost] = (),
        seconds_after: float = 0.0,
    ) -> None:
        self.arms = arms or (make_arm("dense", epochs=2), make_arm("cnn-3x3", epochs=2))
        self.planned = [(arm, seed) for arm in self.arms for seed in (0, 1)]
        self.stored: set[str] = set()
        self.clock = Clock()
        self.file = io.StringIO()
        console = Console(file=self.file, force_terminal=terminal, width=200)
        plan = TrainingPlan(
            planned=len(self.planned),
            missing=tuple(self.planned),
            quarantined=(),
            processes=2,
            costs={arm.hash: cost for arm, cost in zip(self.arms, costs, strict=False)},
        )
        self.live = LiveProgress(
            console,
            plan,
            arm_names(self.arms),
            self.stored.__contains__,
            screen=terminal,
            below=lambda: "what is below",
            seconds_after=seconds_after,
            clock=self.clock,
        )

    def note(self, arm: int, seed: int, epoch: int, now: float) -> None:
        self.clock.now = now
        latest = Epoch(
            train_loss=0.1234,
            train_accuracy=0.5,
            validation_loss=0.2,
            validation_accuracy=0.876,
        )
        self.live.update(
            Progress(
                key=run_key(self.arms[arm], seed),
                seed=seed,
                epoch=epoch,
                epochs=2,
                latest=latest if epoch else None,
                images_per_second=12_345.6 if epoch else 0.0,
            )
        )

    def store(self, arm: int, seed: int, **changes: Any) -> None:
        self.stored.add(run_key(self.arms[arm], seed))
        self.live.stored(make_run(self.arms[arm], seed, **changes))

    def rendered(self) -> str:
        file = io.StringIO()
        Console(file=file, width=120).print(self.live.table())
        return file.getvalue()


def test_time_left_where_nothing_is_predicted() -> None:
    shown = Shown(terminal=False)
    assert shown.live.seconds_left() is None
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.note(arm=1, seed=0, epoch=0, now=0)
    assert shown.live.seconds_left() is None
    shown.note(arm=0, seed=0, epoch=1, now=10)
    # At the only pace known, 10 s in both processes, then 20 s.
    assert shown.live.seconds_left() == 10 + 20
    shown.note(arm=1, seed=0, epoch=1, now=30)
    # dense: 0 s, because it was to end 10 s ago, and 20 s; cnn: 30 and 60 s.
    assert shown.live.seconds_left() == 20 + 60
    shown.note(arm=0, seed=0, epoch=2, now=40)
    # dense now takes 20 s per epoch: 0 and 40 s; cnn: 20 and 60 s.
    assert shown.live.seconds_left() == 20 + 60
    assert shown.live.seconds_left(run_key(shown.arms[0], 0)) == 0
    shown.stored |= {run_key(arm, seed) for arm, seed in shown.planned[:3]}
    assert shown.live.seconds_left() == 2 * 30


def test_the_first_estimate_is_the_prediction() -> None:
    costs = (RunCost(once=4, per_epoch=8), RunCost(once=10, per_epoch=100))
    shown = Shown(terminal=False, costs=costs)
    # Runs of 20, 20, 210 and 210 s in two processes, which must start.
    assert shown.live.seconds_left() == process_start_seconds() + 230
    shown.note(arm=0, seed=0, epoch=0, now=10)
    assert shown.live.seconds_left() == 230
    assert shown.live.seconds_left(run_key(shown.arms[0], 0)) == 20


def test_only_the_first_run_of_an_arm_compiles() -> None:
    # Runs of 20 s of compiling and 20 s of training, and later ones of training alone.
    shown = Shown(make_arm(epochs=2), terminal=False, costs=[RunCost(24, 8, compiling=20)])
    assert shown.live.seconds_left() == process_start_seconds() + 40
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.note(arm=0, seed=0, epoch=1, now=32)  # as predicted
    # Two processes: 8 s of this run, 20 s of the other.
    assert shown.live.seconds_left() == 20
    shown.note(arm=0, seed=1, epoch=0, now=32)
    shown.note(arm=0, seed=1, epoch=1, now=32 + 12)  # as predicted, without compiling
    assert shown.live.seconds_left(run_key(shown.arms[0], 1)) == 8


def test_a_machine_that_is_slower_than_predicted() -> None:
    """Every arm at its own pace, and those without one at the pace of all together."""
    costs = (RunCost(once=4, per_epoch=8), RunCost(once=10, per_epoch=100))
    shown = Shown(terminal=False, costs=costs)
    dense, cnn = (run_key(arm, 0) for arm in shown.arms)
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.note(arm=0, seed=0, epoch=1, now=24)
    assert shown.live.seconds_left(dense) == 2 * 8
    assert shown.live.seconds_left(cnn) == 2 * 210
    shown.note(arm=0, seed=0, epoch=2, now=24 + 16)
    shown.store(arm=0, seed=0)
    shown.note(arm=1, seed=0, epoch=0, now=24 + 16)
    shown.note(arm=1, seed=0, epoch=1, now=24 + 16 + 330)
    assert shown.live.seconds_left(cnn) == 3 * 100
    # The run in progress takes 300 s; the other process those of 40 and 630 s.
    assert shown.live.seconds_left() == 40 + 630


def test_the_time_left_passes_while_an_epoch_lasts() -> None:
    shown = Shown(terminal=False, costs=[RunCost(4, 8)] * 2)
    dense = run_key(shown.arms[0], 0)
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.clock.now = 5
    assert shown.live.seconds_left(dense) == 20 - 5
    shown.clock.now = 100  # of a first epoch that was to last 12 s; the second is still to come
    assert shown.live.seconds_left(dense) == 8
    shown.note(arm=0, seed=0, epoch=1, now=120)  # ten times as long as predicted
    shown.clock.now = 150
    assert shown.live.seconds_left(dense) == 80 - 30


def test_what_follows_training_is_a_part_of_the_time_left() -> None:
    shown = Shown(terminal=False, costs=[RunCost(4, 8)] * 2, seconds_after=100)
    # Four runs of 20 s in two processes.
    assert shown.live.seconds_left() == process_start_seconds() + 40 + 100
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.note(arm=0, seed=0, epoch=1, now=24)  # twice as long as predicted
    assert shown.live.seconds_left() == 80 + 200


def test_a_run_that_starts_again_is_not_taken_for_a_slow_one() -> None:
    shown = Shown(terminal=False, costs=[RunCost(0, 10)] * 2)
    shown.note(arm=0, seed=0, epoch=0, now=0)
    shown.note(arm=0, seed=0, epoch=1, now=10)
    shown.note(arm=0, seed=0, epoch=0, now=500)
    assert shown.live.seconds_left(run_key(shown.arms[0], 0)) == 20
    shown.note(arm=0, seed=0, epoch=1, now=510)
    assert shown.live.seconds_left() == 30 + 10


def test_a_line_per_finished_run_where_there_is_no_screen() -> None:
    shown = Shown(terminal=False)
    shown.live.start()
    shown.note(arm=0, seed=1, epoch=0, now=0)
    shown.note(arm=0, seed=1, epoch=1, now=2)
    shown.note(arm=0, seed=1, epoch=2, now=4)
    shown.store(arm=0, seed=1, accuracy=0.876)  # in the two seconds of every such run
    shown.store(arm=1, seed=0, status="diverged")
    shown.live.stop()
    assert shown.file.getvalue() == (
        "dense seed 1: test accuracy 87.6 %, trained in 2 s; 1 of 4 runs trained, about 8 s left\n"
        "cnn-3x3 seed 0: diverged, the loss is not finite in epoch 1, trained in 2 s;"
        " 2 of 4 runs trained, about 4 s left\n"
    )


def test_arms_of_one_model_have_names_and_paces_of_their_own() -> None:
    shown = Shown(make_arm(epochs=2), make_arm(epochs=2, canvas=40), terminal=False)
    for arm, seconds in ((0, 10), (1, 30)):
        shown.note(arm=arm, seed=0, epoch=0, now=0)
        shown.note(arm=arm, seed=0, epoch=1, now=seconds)
    # Of either arm, one and two epochs are left: 30 s, beside 20 s that have passed of 10, then 20
    # and 60 s.
    assert shown.live.seconds_left() == 60 + 20
    for arm in (0, 1):
        shown.store(arm=arm, seed=0)
    first, second = shown.file.getvalue().splitlines()
    assert first.startswith("dense seed 0: ")
    assert second.startswith("dense (canvas 40) seed 0: ")


def test_a_table_where_there_is_a_screen() -> None:
    shown = Shown(terminal=True)
    shown.live.start()
    shown.note(arm=0, seed=1, epoch=0, now=0)
    shown.note(arm=0, seed=1, epoch=1, now=2)
    shown.note(arm=1, seed=0, epoch=0, now=2)
    heading, first, second, summary, _, below = shown.rendered().splitlines()
    shown.live.stop()
    assert below.strip() == "what is below"
    assert " ".join(heading.split()) == "arm seed epoch loss validation accuracy images/s left"
    assert first.split() == ["dense", "1", "1/2", "0.123", "87.6", "%", "12,346", "2", "s"]
    assert second.split() == ["cnn-3x3", "0", "0/2", "4", "s"]
    assert summary.strip() == "0 of 4 runs trained, about 8 s left"
    assert "validation accuracy" in shown.file.getvalue()
    assert "dense seed 1" not in shown.file.getvalue()
    shown.stored.add(run_key(shown.arms[0], 1))
    assert "dense" not in shown.rendered()
    assert "1 of 4 runs trained" in shown.rendered()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
