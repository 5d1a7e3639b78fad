"""`convbias study --until decided`: what it prints, and which options it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convbias.cli import main
from convbias.cli.choices import plan_looks
from convbias.cli.deciding import train_until_decided
from convbias.experiments.studies import load_study, planned_runs
from convbias.runs.store import Store
from convbias.spec.study import Study
from factories import make_run

# The last two are too far apart for equivalence, and too close for a difference.
ACCURACIES = {"dense": 0.6, "cnn-3x3": 0.7, "cnn-5x5": 0.8, "cnn-7x7": 0.805}


def test_it_trains_up_to_each_look_and_says_what_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = plan_looks(load_study("smoke").on("drawn"), "decided", 8)
    store, trained = Store(tmp_path), []

    def train(wanted: Study) -> bool:
        trained.append(len(planned_runs(wanted)))
        for arm, seed in planned_runs(wanted):
            of_run = np.random.default_rng([seed, list(ACCURACIES).index(arm.name)])
            accuracy = ACCURACIES[arm.name] + 0.004 * of_run.normal()
            loss = 2 * (1 - accuracy)
            store.write(make_run(arm, seed, accuracy=accuracy, loss=loss, images=400))
        return True

    ended, complete = train_until_decided(study, store, train)
    assert complete
    assert trained == [16, 32]
    assert ended.of_experiment("original").seeds == tuple(range(8))
    first, second = capsys.readouterr().out.split("original after 8 seed pairs of at most 8")
    assert "original after 4 seed pairs of at most 8" in first
    for shown in (first, second):
        assert "BETTER: cnn-3x3 - dense, test accuracy" in shown
        assert "UNDECIDED: cnn-5x5 - cnn-7x7, test accuracy" in shown
    assert "decide it" in second  # how many more seeds, or that none would
    # Nothing is trained again, and the verdicts are the same.
    assert train_until_decided(study, store, train)[1]
    assert len(trained) == 2


def test_it_ends_where_training_fails(tmp_path: Path) -> None:
    study = plan_looks(load_study("smoke").on("drawn"), "decided", 4)
    assert not train_until_decided(study, Store(tmp_path), lambda _: False)[1]
    # Neither does it go on for ever where nothing is stored although nothing failed.
    calls: list[Study] = []

    def train(wanted: Study) -> bool:
        calls.append(wanted)
        return True

    assert not train_until_decided(study, Store(tmp_path), train)[1]
    assert len(calls) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--at-most", "8"),
        ("--until", "decided", "--at-most", "3"),
        ("--until", "decided", "--seeds", "0"),
        ("--until", "tomorrow"),
    ],
)
def test_refused_options(options: tuple[str, ...], tmp_path: Path) -> None:
    words = ("study", "smoke", "--dataset", "drawn", "--runs", str(tmp_path), "--plan")
    assert main([*words, *options]) == 2


def test_a_profile_keeps_its_own_looks() -> None:
    own = load_study("smoke").model_copy(update={"looks": (5, 9)})
    assert plan_looks(own, "decided", None).looks == (5, 9)
    assert plan_looks(own, "decided", 8).looks == (4, 8)
    assert plan_looks(own, None, None) is own


def test_the_plan_is_that_of_the_next_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("study", "smoke", "--dataset", "drawn", "--runs", str(tmp_path), "--plan")
    assert main([*words, "--until", "decided"]) == 0
    said = capsys.readouterr().out
    assert "16 runs planned" in said
    assert "after 4, 8, 16, 30 seeds. With 4, the original comparison finds" in said
    assert main(words) == 0
    assert "With 2 seeds nothing is decided: that takes 8" in capsys.readouterr().out
