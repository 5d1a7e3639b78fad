"""`convbias experiment`: trained, measured and reported for real, at the smoke profile's scale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from command_line import compiled_folder, compiler_cache
from convbias.cli import main
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.findings.results import collect
from convbias.runs.store import Store

FURTHER = tuple(name for name in EXPERIMENTS if name != "original")
MOST_CONDITIONS = 2  # compiling each takes seconds
REPEATED = "receptive-field"  # one is enough to see that nothing is done twice

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


@pytest.mark.integration
@pytest.mark.usefixtures("fashion_mnist")
@pytest.mark.parametrize("name", FURTHER)
def test_an_experiment_from_end_to_end(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in compiler_cache(compiled_folder(tmp_path_factory.getbasetemp())).items():
        monkeypatch.setenv(variable, value)
    # Of many conditions only some: what is not there, outcomes and reports must do without.
    whole = EXPERIMENTS[name]
    some = whole.conditions[:: -(-len(whole.conditions) // MOST_CONDITIONS)]
    monkeypatch.setitem(EXPERIMENTS, name, replace(whole, conditions=some))
    arguments = ["experiment", name, "--profile", "smoke", "--jobs", "1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    folder = Path("report/smoke") / name
    assert f"Report: {folder}/report.html" in said

    results = collect(load_study("smoke"), EXPERIMENTS[name], Store("runs"))
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

    if name == REPEATED:
        assert main(arguments) == 0
        said = capsys.readouterr().out
        assert f"All {len(results.runs)} runs are stored in runs; nothing to train." in said
        assert "measurements to take" not in said
        assert (folder / "report.html").read_text("utf-8") == page


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
