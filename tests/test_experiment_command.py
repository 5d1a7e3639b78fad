"""`convbias experiment`: trained, measured and reported for real, on few drawn images."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import compiled_folder, compiler_cache, convbias
from convbias.cli import main
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.results import collect
from convbias.store import Store
from convbias.study import load_study

FURTHER = [name for name in EXPERIMENTS if name != ORIGINAL.name]

LEAST = """\
name = "least"
cost = "seconds"
expect = "nothing: it has too few images to learn from"
experiments = ["{experiment}"]
dataset = "drawn"
training_images = 300
recipe = "classic"
epochs = 1
seeds = [0]
"""


@pytest.mark.integration
@pytest.mark.parametrize("name", FURTHER)
def test_an_experiment_from_end_to_end(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    profile = tmp_path / "least.toml"
    profile.write_text(LEAST.format(experiment=name))
    variables = compiler_cache(compiled_folder(tmp_path_factory.getbasetemp()))
    arguments = ("experiment", name, "--profile", profile)
    first = convbias(*arguments, cwd=tmp_path, variables=variables)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "report" / "least" / name
    assert f"Report: {folder.relative_to(tmp_path)}/report.html" in first.stdout

    results = collect(load_study(str(profile)), name, Store(tmp_path / "runs"))
    assert [run.arm_name for run in results.runs] == list(results.study.arms(results.experiment))
    assert not results.absent
    assert not results.unmeasured
    page = (folder / "report.html").read_text("utf-8")
    assert results.experiment.title in page
    for run in results.runs:
        assert run.key in page
        assert run.arm_name in first.stdout
    figures = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert figures
    assert all(figure.startswith(name) for figure in figures)

    again = convbias(*arguments, cwd=tmp_path, variables=variables)
    assert again.returncode == 0, again.stderr
    assert f"All {len(results.runs)} runs are stored in runs; nothing to train." in again.stdout
    assert "measures to take" not in again.stdout
    assert (folder / "report.html").read_text("utf-8") == page


def test_an_experiment_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "permutaton"]) == 2
    assert "did you mean 'permutation'?" in capsys.readouterr().err


def test_the_plan_of_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    profile = tmp_path / "least.toml"
    profile.write_text(LEAST.format(experiment="original"))
    assert main(["experiment", "choices", "--profile", str(profile), "--plan"]) == 0
    said = capsys.readouterr().out
    for condition in EXPERIMENTS["choices"].names:
        assert f"choices: {condition}" in said
    assert "10 runs planned, 0 stored" in said
    assert not (tmp_path / "runs").exists()
