"""Contrasts while a study is trained: differences of the runs so far, and no verdicts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from convbias.cli.interim import InterimContrasts, contrast_name
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import load_study
from convbias.runs.store import Store
from convbias.spec.study import Study
from factories import make_run

ACCURACIES = {"dense": 0.8, "cnn-3x3": 0.9, "cnn-5x5": 0.85, "cnn-7x7": 0.85}


@pytest.fixture
def study() -> Study:
    return load_study("smoke").on("drawn").with_seeds((0, 1, 2))


def shown(interim: InterimContrasts) -> str:
    file = io.StringIO()
    Console(file=file, width=150).print(interim.table())
    return file.getvalue()


def test_contrasts_as_runs_arrive(study: Study, tmp_path: Path) -> None:
    store = Store(tmp_path)
    interim = InterimContrasts(study, store)
    assert interim.table() is None
    complete = []
    for seed in (0, 1, 2):
        for arm in study.arms(ORIGINAL).values():
            accuracy = ACCURACIES[arm.name] + (0.01 * seed if arm.name == "cnn-3x3" else 0.0)
            store.write(make_run(arm, seed, accuracy=accuracy))
            complete += [(arm.name, name) for name in interim.update(arm, seed)]
            if (arm.name, seed) == ("dense", 0):
                assert interim.table() is None  # nothing to compare it with
            if (arm.name, seed) == ("cnn-3x3", 0):
                assert "cnn-3x3 - dense, test accuracy" in shown(interim)
                assert "+10.00 percentage points" in shown(interim)
                assert "1 of 3" in shown(interim)
                assert "cnn-5x5" not in shown(interim)
    assert complete == [("cnn-7x7", "original")] * 3
    # Differences of 10, 11 and 12 points: 11 on average.
    assert "+11.00 percentage points [" in shown(interim)
    line = interim.line("original")
    assert line is not None
    first = "cnn-3x3 - dense, test accuracy +11.00 percentage points ["
    assert line.startswith(f"original so far, without verdict: {first}")
    assert "(3 of 3); cnn-3x3 - dense, test loss" in line
    for word in ("better", "worse", "equivalent", "undecided"):
        assert word not in shown(interim) + line


def test_runs_of_other_seeds_complete_nothing(study: Study, tmp_path: Path) -> None:
    interim = InterimContrasts(study, Store(tmp_path))
    assert interim.update(study.arms(ORIGINAL)["dense"], 7) == []
    assert interim.table() is None


def test_what_is_measured_after_training_is_not_compared_yet(study: Study, tmp_path: Path) -> None:
    shift = study.model_copy(update={"experiments": ("shift",)})
    store = Store(tmp_path)
    interim = InterimContrasts(shift, store)
    arms = list(shift.arms(EXPERIMENTS["shift"]).values())
    for arm in arms:
        store.write(make_run(arm, 0))
    assert interim.update(arms[0], 0) == ["shift"]
    assert interim.table() is None
    assert interim.line("shift") is None


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_contrast_has_a_name_of_its_own(name: str) -> None:
    names = [contrast_name(planned) for planned in EXPERIMENTS[name].contrasts]
    assert len(set(names)) == len(names)
