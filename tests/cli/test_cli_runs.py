"""`convbias runs`: what is stored, shown, and found to be damaged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import files_below, finished_study
from convbias.cli import main
from convbias.cli.checks import Checker
from convbias.networks.scores import PerImage, Scores
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from factories import make_run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(here: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder holds a finished study, which may be spoilt."""
    finished = finished_study(tmp_path_factory.getbasetemp())
    return shutil.copytree(finished, here, dirs_exist_ok=True)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.integration
def test_runs_list(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "runs", "list")
    for run in Store(study / "runs"):
        row = next(line for line in said.splitlines() if run.key in line)
        assert run.test is not None
        assert row.split() == [
            *(run.key, run.arm.model.name, "drawn,", "100", "classic", "2", "finished"),
            *(f"{100 * run.test.accuracy:.2f}", "%"),
        ]
    assert "8 runs in runs" in said


def test_runs_of_a_folder_that_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "0 runs in runs" in printed(capsys, "runs", "list")
    assert "0 runs in runs, 0 damaged" in printed(capsys, "runs", "verify")
    assert files_below(here) == set()


@pytest.mark.integration
def test_runs_show(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = next(iter(Store(study / "runs")))
    said = printed(capsys, "runs", "show", run.key)
    values = (run.data_checksum, run.weights_checksum, run.code_version, run.cost.finished_at)
    assert all(str(value) in said for value in values)
    assert "arm.recipe.learning_rate" in said
    assert all(f"{epoch.validation_loss:.4f}" in said for epoch in run.epochs)
    assert main(["runs", "show", run.key[:-1] + "7"]) == 2
    assert f"did you mean '{run.key[:-6]}" in capsys.readouterr().err


@pytest.mark.integration
def test_runs_verify_finds_nothing_wrong_with_what_was_trained(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_below(study)
    assert "8 runs in runs, 0 damaged" in printed(capsys, "runs", "verify")
    assert files_below(study) == before


def changed(record: dict[str, Any], part: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    *path, last = part.split(".")
    place = record
    for step in path:
        place = place[step]
    place[last] = change(place[last])
    return record


@pytest.fixture
def dense_record(study: Path) -> Path:
    return next(
        Store(study / "runs").path(run.arm, 0) for run in Store("runs") if "d" in run.arm.model.name
    )


OTHER = make_run("dense", 5, accuracy=0.5).model_dump(mode="json")["per_image"]
DAMAGES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "accuracy": ("test.accuracy", lambda value: value + 0.001, "its test accuracy is"),
    "loss": ("test.loss", lambda value: value * 1.01, "its test loss is"),
    "correct": ("per_image.correct", lambda _: OTHER["correct"], "images say 0.5"),
    "predictions": ("per_image.predicted", lambda _: OTHER["predicted"], "marked otherwise"),
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
@pytest.mark.parametrize(("part", "change", "expected"), DAMAGES.values(), ids=list(DAMAGES))
def test_runs_verify_notices_what_does_not_fit(
    dense_record: Path,
    capsys: pytest.CaptureFixture[str],
    part: str,
    change: Callable[[Any], Any],
    expected: str,
) -> None:
    record = json.loads(dense_record.read_text())
    dense_record.write_text(json.dumps(changed(record, part, change)))
    assert main(["runs", "verify"]) == 1
    said = capsys.readouterr()
    assert "8 runs in runs, 1 damaged" in said.out
    assert dense_record.name in said.err
    assert expected in said.err, said.err
    assert "Traceback" not in said.err


NETWORK_DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut in half": (lambda path: os.truncate(path, path.stat().st_size // 2), "cannot be read"),
    "another seed's": (
        lambda path: shutil.copy(path.with_name(path.name.replace("seed0", "seed1")), path),
        "but the record says",
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("damage", "expected"), NETWORK_DAMAGES.values(), ids=list(NETWORK_DAMAGES)
)
def test_runs_verify_notices_damaged_networks(
    dense_record: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], object],
    expected: str,
) -> None:
    damage(dense_record.with_suffix(".keras"))
    assert main(["runs", "verify"]) == 1
    said = capsys.readouterr()
    assert "8 runs in runs, 1 damaged" in said.out
    assert expected in said.err, said.err


@pytest.mark.integration
def test_runs_verify_without_the_images_says_what_it_could_not_compare(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", str(here / "nothing"))
    Store("runs").write(make_run("dense", 0))
    assert main(["runs", "verify"]) == 0
    said = capsys.readouterr().err
    assert "fashion-mnist is not here" in said
    assert "1 of 1 runs are stored without a network" in said


@pytest.mark.integration
def test_a_network_that_is_not_there_is_no_damage_but_said(
    dense_record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dense_record.with_suffix(".keras").unlink()
    assert main(["runs", "verify"]) == 0
    said = capsys.readouterr()
    assert "8 runs in runs, 0 damaged" in said.out
    assert (
        "1 of 8 runs are stored without a network, so their weights were not compared" in said.err
    )


def test_runs_of_a_published_study_are_found(here: Path, capsys: pytest.CaptureFixture[str]):
    run = make_run("dense", 0)
    Store(here / "results/quick/runs").write(run)
    for command in (["runs", "list"], ["runs", "show", run.key]):
        assert main([*command, "--runs", "results"]) == 0
        assert run.key in capsys.readouterr().out
    Store(here / "results/full/runs").write(run)
    assert main(["runs", "list", "--runs", "results"]) == 0  # which of the two?
    assert "0 runs in results" in capsys.readouterr().out


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Scores, PerImage]:
    """A run with its test scores, where no images are to compare it with."""
    monkeypatch.setattr("convbias.cli.checks._load_if_here", lambda _: None)
    run = make_run("dense", 0, loss=0.3)
    assert run.test is not None
    assert run.per_image is not None
    return run, run.test, run.per_image


def test_published_losses_may_be_rounded_to_half_floats_but_not_more(
    here: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    assert per_image.loss is not None
    exact = float(per_image.loss.astype("float64").mean())
    for error, problems in ((1 + 2**-12, 0), (1 - 2**-12, 0), (1 + 2**-10, 1), (1 - 2**-10, 1)):
        test = scores.model_copy(update={"loss": exact * error})
        path = Store(here).write(run.model_copy(update={"test": test}))
        assert len(Checker().problems(path)) == problems


def test_a_run_may_be_published_without_the_losses_of_single_images(
    here: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    lean = run.model_copy(update={"per_image": per_image.model_copy(update={"loss": None})})
    path = Store(here).write(lean)
    assert path.stat().st_size < len(run.model_dump_json()) - 2_000
    again = read_run(path)
    assert again.per_image is not None
    assert again.per_image.loss is None
    assert again.test == scores
    assert Checker().problems(path) == []
    wrong = scores.model_copy(update={"accuracy": scores.accuracy + 0.01})
    path = Store(here).write(lean.model_copy(update={"test": wrong}))
    assert len(Checker().problems(path)) == 1


def test_a_run_may_be_published_with_nothing_but_correctness_of_single_images(
    here: Path, scored: tuple[Run, Scores, PerImage]
) -> None:
    run, scores, per_image = scored
    lean = per_image.model_copy(update={"loss": None, "predicted": None})
    path = Store(here).write(run.model_copy(update={"per_image": lean}))
    again = read_run(path).per_image
    assert again is not None
    assert (again.predicted, again.loss) == (None, None)
    assert again.correct.tolist() == per_image.correct.tolist()
    assert again.correct.mean() == scores.accuracy
    assert Checker().problems(path) == []
    fewer = lean.model_copy(update={"correct": lean.correct[1:]})
    path = Store(here).write(run.model_copy(update={"per_image": fewer}))
    assert len(Checker().problems(path)) == 1
