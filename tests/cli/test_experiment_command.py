"""`convbias experiment`: every experiment is trained, measured and reported for real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from command_line import files_below
from convbias.cli import main
from convbias.experiments import EXPERIMENTS, experiment_of, questions
from convbias.experiments.execution import run_study
from convbias.experiments.studies import load_study
from convbias.findings.results import collect
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional
from convbias.spec.beyond.arms import TaskCondition
from convbias.spec.datasets import DatasetDescription
from convbias.spec.description import Description
from convbias.spec.experiment import Experiment
from convbias.spec.study import Study

FURTHER = tuple(name for name in EXPERIMENTS if name != "original")

LESS = {"layers": 2, "epochs": 10, "steps": 10, "folds": 2, "candidates": (0.01, 0.04)}

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
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("least.toml").write_text(LEAST)
    return "least.toml"


def leave_one_condition(patch: pytest.MonkeyPatch) -> None:
    """Of many conditions only one: what is missing, outcomes and reports must do without.

    Compiling and measuring each takes seconds to a minute. Where networks are measured it is the
    second, because the first is dense, with few filters, because every measure takes all images.
    What is trained on other data is the same in every profile, so it is cut here.
    """
    for name, whole in list(EXPERIMENTS.items()):
        if whole.on_images:
            module = import_module(f"{questions.__name__}.{name.replace('-', '_')}.question")
            patch.setattr(module, "experiment", partial(with_one_condition, module.experiment))
        else:
            patch.setitem(EXPERIMENTS, name, reduced(whole))


def with_one_condition(
    experiment: Callable[[DatasetDescription], Experiment], described: DatasetDescription
) -> Experiment:
    return reduced(experiment(described))


def reduced(whole: Experiment) -> Experiment:
    one = whole.conditions[1 if whole.measures else 0]
    if isinstance(one, TaskCondition):
        one = replace(one, model=with_less(one.model), recipe=with_less(one.recipe))
    elif isinstance(one.model, Convolutional):
        few = tuple(4 * layer for layer in range(1, len(one.model.filters) + 1))
        one = replace(one, model=one.model.model_copy(update={"filters": few}))
    return replace(whole, conditions=(one,))


def with_less(described: Description) -> Any:
    fields = type(described).model_fields
    return described.model_copy(update={name: LESS[name] for name in LESS if name in fields})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of every experiment's runs and measurements.

    They are made together, because most of the time goes into starting processes and compiling.
    """
    folder = tmp_path_factory.mktemp("experiments")
    (folder / "least.toml").write_text(LEAST)
    study = load_study(str(folder / "least.toml")).model_copy(update={"experiments": FURTHER})
    store = Store(folder / "runs")
    with pytest.MonkeyPatch.context() as patch:
        leave_one_condition(patch)
        assert run_study(study, store).complete
    return store.folder


def check_report(name: str, study: Study, runs: Path, folder: Path, said: str) -> None:
    """A finished experiment has all its runs and measurements, and a page that shows them."""
    assert f"Report: {folder}/report.html" in said
    results = collect(study, experiment_of(name, study.dataset), Store(runs))
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
    profile: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    leave_one_condition(monkeypatch)
    before = files_below(trained)
    assert main(["experiment", name, "--profile", profile, "--runs", str(trained)]) == 0
    folder = Path("report/least") / name
    check_report(name, load_study(profile), trained, folder, capsys.readouterr().out)
    assert files_below(trained) == before  # nothing was left to train or measure


def test_an_experiment_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "permutaton"]) == 2
    assert "did you mean 'permutation'?" in capsys.readouterr().err


def test_the_plan_of_an_experiment(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "choices", "--profile", profile, "--plan"]) == 0
    said = capsys.readouterr().out
    for condition in experiment_of("choices", "drawn").names:
        assert f"choices: {condition}" in said
    assert "10 runs planned, 0 stored" in said
    assert "measurements" not in said
    assert not Path("runs").exists()
    assert main(["experiment", "location", "--profile", profile, "--plan"]) == 0
    assert "7 measurements will take about" in capsys.readouterr().out
