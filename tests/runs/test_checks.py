"""Checks of stored runs: every kind of damage is noticed, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import files_below, finished_study
from convbias.networks.scores import PerImage, Scores
from convbias.runs.checks import check_store
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from factories import make_run


def changed(record: dict[str, Any], part: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    *path, last = part.split(".")
    place = record
    for step in path:
        place = place[step]
    place[last] = change(place[last])
    return record


@pytest.fixture
def dense(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two trained runs of the dense baseline with their networks, seeds 0 and 1; may be damaged."""
    runs = Store(finished_study(tmp_path_factory.getbasetemp()) / "runs")
    store = Store(tmp_path / "runs")
    store.folder.mkdir()
    for run in runs:
        if run.arm.model.name == "dense":
            shutil.copy(runs.path(run.arm, run.seed), store.folder)
            shutil.copy(runs.network_path(run.arm, run.seed), store.folder)
    return store


OTHER = make_run("dense", 5, accuracy=0.5).model_dump(mode="json")["per_image"]
DAMAGES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "accuracy": ("test.accuracy", lambda value: value + 0.001, "its test accuracy is"),
    "loss": ("test.loss", lambda value: value * 1.01, "its test loss is"),
    "correct": ("per_image.correct", lambda _: OTHER["correct"], "results give 0.5"),
    "predictions": ("per_image.predicted", lambda _: OTHER["predicted"], "contrary to their"),
    "count": ("test.images", lambda value: value - 1, "is of 999 images"),
    "weights": ("weights_checksum", lambda value: value[::-1], "but the record says"),
    "data": ("data_checksum", lambda value: value[::-1], "data with the checksum"),
    "version": ("numerics_version", lambda value: value + 1, "version 2 of the numerics"),
    "arm's hash": ("arm_hash", lambda value: value[::-1], "recorded for arm"),
    "description": ("arm.recipe.learning_rate", lambda value: 2 * value, "recorded for arm"),
    "seed": ("seed", lambda value: value + 9, "holds the run"),
    "test scores": ("test", lambda _: None, "it finished, but has no test"),
    "epochs": ("epochs", lambda value: value[:1], "it finished, but has 1 of 2 epochs"),
    "status": ("status", lambda _: "diverged", "no reason is recorded"),
}


@pytest.mark.integration
def test_nothing_is_wrong_with_what_was_trained(dense: Store) -> None:
    before = files_below(dense.folder)
    checked = check_store(dense)
    assert checked.paths == tuple(dense.paths())
    assert (checked.problems, checked.without_network) == ({}, 0)
    assert checked.datasets_absent == set()
    assert files_below(dense.folder) == before


@pytest.mark.integration
@pytest.mark.parametrize(("part", "change", "expected"), DAMAGES.values(), ids=list(DAMAGES))
def test_what_does_not_fit_is_noticed(
    dense: Store, part: str, change: Callable[[Any], Any], expected: str
) -> None:
    path, other = dense.paths()
    other.unlink()
    path.write_text(json.dumps(changed(json.loads(path.read_text()), part, change)))
    problems = check_store(dense).problems
    assert list(problems) == [path]
    assert expected in "; ".join(problems[path])


NETWORK_DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "another seed's": lambda path: shutil.copy(
        path.with_name(path.name.replace("seed0", "seed1")), path
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize("damage", NETWORK_DAMAGES.values(), ids=list(NETWORK_DAMAGES))
def test_damaged_networks_are_noticed(dense: Store, damage: Callable[[Path], object]) -> None:
    path, other = dense.paths()
    damage(path.with_suffix(".keras"))
    other.unlink()
    assert list(check_store(dense).problems) == [path]


@pytest.fixture
def scored() -> tuple[Run, Scores, PerImage]:
    """A run with its test scores."""
    run = make_run("dense", 0, loss=0.3)
    assert run.test is not None
    assert run.per_image is not None
    return run, run.test, run.per_image


def problems_of(path: Path) -> int:
    """How many problems a run has, where no images are available to compare it with."""
    return len(check_store(Store(path.parent), lambda _: None).problems.get(path, ()))


def test_published_losses_may_be_rounded_to_half_floats_but_not_more(
    tmp_path: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    assert per_image.loss is not None
    exact = float(per_image.loss.astype("float64").mean())
    for error, problems in ((1 + 2**-12, 0), (1 - 2**-12, 0), (1 + 2**-10, 1), (1 - 2**-10, 1)):
        test = scores.model_copy(update={"loss": exact * error})
        path = Store(tmp_path).write(run.model_copy(update={"test": test}))
        assert problems_of(path) == problems


def test_a_run_may_be_published_without_the_losses_of_single_images(
    tmp_path: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    lean = run.model_copy(update={"per_image": per_image.model_copy(update={"loss": None})})
    path = Store(tmp_path).write(lean)
    assert path.stat().st_size < len(run.model_dump_json()) - 2_000
    again = read_run(path)
    assert again.per_image is not None
    assert again.per_image.loss is None
    assert again.test == scores
    assert problems_of(path) == 0
    wrong = scores.model_copy(update={"accuracy": scores.accuracy + 0.01})
    path = Store(tmp_path).write(lean.model_copy(update={"test": wrong}))
    assert problems_of(path) == 1


def test_a_run_may_be_published_with_nothing_but_correctness_of_single_images(
    tmp_path: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    lean = per_image.model_copy(update={"loss": None, "predicted": None})
    path = Store(tmp_path).write(run.model_copy(update={"per_image": lean}))
    again = read_run(path).per_image
    assert again is not None
    assert (again.predicted, again.loss) == (None, None)
    assert again.correct.tolist() == per_image.correct.tolist()
    assert again.correct.mean() == scores.accuracy
    assert problems_of(path) == 0
    fewer = lean.model_copy(update={"correct": lean.correct[1:]})
    path = Store(tmp_path).write(run.model_copy(update={"per_image": fewer}))
    assert problems_of(path) == 1
