"""The smallest study that comes with the package, on the real images, through the command line."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tools.notebook import text_of

from command_line import convbias
from convbias.cli import main
from convbias.experiments.studies import load_study, planned_runs
from convbias.runs.store import Store

ROOT = Path(__file__).parents[2]


@pytest.mark.end_to_end
@pytest.mark.usefixtures("fashion_mnist")
def test_the_smoke_study(tmp_path: Path) -> None:
    # One seed, because the tiny study of other tests has two; its networks compile in one process.
    study = load_study("smoke").with_seeds((0,))
    first = convbias("study", "smoke", "--seeds", "0", "--jobs", "1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "report" / "smoke"
    assert "Report: report/smoke/report.html" in first.stdout
    assert (folder / "report.html").stat().st_size > 100_000
    with (folder / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], int(row["seed"])) for row in rows] == [
        (arm.name, seed) for arm, seed in planned_runs(study)
    ]
    assert {row["status"] for row in rows} == {"finished"}
    assert {row["dataset"] for row in rows} == {"fashion-mnist"}
    # A few steps are enough to learn more than the tenth that guessing gives.
    dense = [float(row["test_accuracy"]) for row in rows if row["arm"] == "dense"]
    assert min(dense) > 0.2
    for arm in {row["arm"] for row in rows}:
        assert arm in first.stdout
    assert main(["runs", "verify", "--runs", str(tmp_path / "runs")]) == 0
    [(fixed, what)] = Store(tmp_path / "runs").preregistrations().items()
    assert {run.preregistration for run in Store(tmp_path / "runs")} == {fixed}
    assert what.experiments["original"].seeds == (0,)
    assert fixed in (folder / "report.html").read_text("utf-8")

    check_the_notebook(tmp_path)


def check_the_notebook(folder: Path) -> None:
    """Every cell runs with these runs: the live training, the export, the server and the plan."""
    program = [sys.executable, "-m", "tools.notebook", "--profile", "smoke"]
    done = subprocess.run(
        [*program, "--runs", str(folder / "runs"), "--out", str(folder / "notebook.ipynb")],
        # It trains on thousands of images, for which the tests' unoptimised programs are slow.
        env={name: value for name, value in os.environ.items() if name != "XLA_FLAGS"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
    texts = {
        cell.source.splitlines()[-1]: "".join(map(text_of, cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert "Study **smoke**" in texts["study"]
    assert "109386" in texts['study.layers("dense")']
    assert "has no run of the experiment shift" in texts['study.outcome("shift")']
    [answer] = [text for source, text in texts.items() if source.startswith("answer.json()")]
    assert "'class': " in answer
    assert "'confidence': " in answer
    [requests] = [text for source, text in texts.items() if source.startswith("make_plan(")]
    assert "sagemaker:CreateEndpointConfig" in requests
