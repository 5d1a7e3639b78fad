"""`convbias runs`: what is stored, shown, and found to be damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from command_line import files_below, finished_study
from convbias.cli import console, main
from convbias.runs.store import Store
from factories import make_arm, make_run


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
            *(run.key, run.arm.model.name, "drawn,", "100", "classic", "2"),
            *(f"{100 * run.test.accuracy:.2f}", "%"),
        ]
    assert "8 runs in runs" in said


def test_variants_of_a_model_are_told_apart(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arms = [
        make_arm(epochs=10),
        make_arm(epochs=3),
        make_arm(shuffled_blocks=1),
        make_arm(canvas=40),
        make_arm(canvas=40, largest_shift=6),
    ]
    for arm in arms:
        Store(here / "runs").write(make_run(arm, 0))
    said = printed(capsys, "runs", "list")
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in said.splitlines() if "-" in line}
    assert len({rows[f"{arm.hash}-seed0"] for arm in arms}) == len(arms)
    assert rows[f"{arms[-1].hash}-seed0"].startswith("dense (canvas 40, largest shift 6)  ")
    assert rows[f"{arms[1].hash}-seed0"].startswith("dense  ")  # the column of epochs tells it


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_key_is_never_broken(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    run = make_run(make_arm("cnn-3x3", canvas=40, corners="free"), 100_001)
    Store(here / "runs").write(run)
    monkeypatch.setattr(console, "WIDTH_OF_A_FILE", columns)
    assert any(run.key in line for line in printed(capsys, "runs", "list").splitlines())


def test_runs_of_a_folder_that_holds_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine").mkdir()
    assert "0 runs in mine" in printed(capsys, "runs", "list", "--runs", "mine")
    assert "0 runs in mine, 0 damaged" in printed(capsys, "runs", "verify", "--runs", "mine")
    assert files_below(here) == {"mine"}


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


@pytest.mark.integration
def test_runs_verify_names_a_damaged_run(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Store(study / "runs").paths()[0]
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"arm_hash": "0" * 12}))
    assert main(["runs", "verify"]) == 1
    said = capsys.readouterr()
    assert "8 runs in runs, 1 damaged" in said.out
    assert path.name in said.err
    assert "Traceback" not in said.err


@pytest.mark.integration
def test_runs_verify_without_the_images_says_what_it_could_not_compare(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", str(here / "nothing"))
    Store("runs").write(make_run("dense", 0))
    assert main(["runs", "verify"]) == 0
    said = capsys.readouterr().err
    assert "fashion-mnist is unavailable" in said
    assert "1 of 1 runs are stored without a network" in said


@pytest.mark.integration
def test_a_network_that_is_not_there_is_no_damage_but_said(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next((study / "runs").glob("*.keras")).unlink()
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
    Store(here / "results/smoke/runs").write(run)
    assert main(["runs", "list", "--runs", "results"]) == 0  # which of the two?
    assert "0 runs in results" in capsys.readouterr().out
    Store(here / "results/full/runs").write(run)
    assert main(["runs", "list", "--runs", "results"]) == 0  # the one on Fashion-MNIST
    assert "1 runs in results/full/runs" in capsys.readouterr().out
