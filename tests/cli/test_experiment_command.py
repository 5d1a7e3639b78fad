"""`convbias experiment`: every experiment is trained, measured and reported for real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from command_line import files_below
from convbias.cli import main
from convbias.data import Dataset
from convbias.experiments import EXPERIMENTS
from convbias.experiments.execution import run_study
from convbias.experiments.studies import load_study
from convbias.findings.results import collect
from convbias.runs.store import Store

FURTHER = tuple(name for name in EXPERIMENTS if name != "original")

LEAST = """\
name = "least"
cost = "seconds"
expect = "nothing: it has too few images to learn from"
experiments = ["original"]
dataset = "drawn"
training_images = 100
recipe = "classic"
epochs = 1
seeds = [0]
"""


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "least.toml"
    path.write_text(LEAST)
    return path


def leave_few_conditions(patch: pytest.MonkeyPatch) -> None:
    """Of many conditions only some: what is missing, outcomes and reports must do without.

    Compiling each takes seconds.
    """
    for name, whole in list(EXPERIMENTS.items()):
        most = 2 if whole.measures else 1
        some = whole.conditions[:: -(-len(whole.conditions) // most)]
        patch.setitem(EXPERIMENTS, name, replace(whole, conditions=some))


@pytest.fixture(scope="module")
def trained(
    fashion_mnist: Dataset,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Folder of every experiment's runs and measurements.

    They are made together, because most of the time goes into starting processes and compiling.
    """
    store = Store(tmp_path_factory.mktemp("experiments") / "runs")
    study = load_study("smoke").model_copy(update={"experiments": FURTHER})
    with pytest.MonkeyPatch.context() as patch:
        leave_few_conditions(patch)
        assert run_study(study, store).complete
    return store.folder


def check_report(name: str, runs: Path, folder: Path, said: str) -> None:
    """A finished experiment has all its runs and measurements, and a page that shows them."""
    assert f"Report: {folder}/report.html" in said
    results = collect(load_study("smoke"), EXPERIMENTS[name], Store(runs))
    assert [run.condition for run in results.runs] == list(results.study.arms(results.experiment))
    assert not results.absent
    assert not results.unmeasured
    page = (folder / "report.html").read_text("utf-8")
    assert f'id="experiment-{name}"' in page
    for run in results.runs:
        assert run.key in page
        assert run.condition in said
    figures = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert figures
    assert all(figure.startswith(name) for figure in figures)


@pytest.mark.integration
@pytest.mark.parametrize("name", FURTHER)
def test_every_experiment_is_trained_measured_and_reported(
    name: str,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    leave_few_conditions(monkeypatch)
    before = files_below(trained)
    assert main(["experiment", name, "--profile", "smoke", "--runs", str(trained)]) == 0
    check_report(name, trained, Path("report/smoke") / name, capsys.readouterr().out)
    assert files_below(trained) == before  # nothing was left to train or measure


def test_an_experiment_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "permutaton"]) == 2
    assert "did you mean 'permutation'?" in capsys.readouterr().err


def test_the_plan_of_an_experiment(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "choices", "--profile", str(profile), "--plan"]) == 0
    said = capsys.readouterr().out
    for condition in EXPERIMENTS["choices"].names:
        assert f"choices: {condition}" in said
    assert "10 runs planned, 0 stored" in said
    assert "measurements" not in said
    assert not Path("runs").exists()
    assert main(["experiment", "location", "--profile", str(profile), "--plan"]) == 0
    assert "7 measurements will take about" in capsys.readouterr().out
