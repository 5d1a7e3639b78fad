"""The walk-throughs of CONTRIBUTING.md work as they are printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"In\s`([\w/.]+)`:\n\n```(?:python|toml)\n(.*?)```\n", re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, with the files of the walk-throughs added."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert len(blocks) == 7
    for name, text in blocks:
        path = folder / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_experiment_is_trained_measured_and_reported(
    copy: Path,
) -> None:
    command = ["experiment", "smoothing", "--profile", "trial.toml"]
    assert f"    convbias {' '.join(command)}\n" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    said = run(copy, "convbias", *command, "--jobs", "1")
    page = (copy / "report/trial/smoothing/report.html").read_text("utf-8")
    for shown in ("contrast-whole-over-shuffled-in-mean", "energy of the first filters"):
        assert shown in page
    # 320 + 18,496 + 8,320 + 1,290 parameters.
    assert "whole images 28,426, shuffled pixels 28,426" in said
    table = pd.read_csv(copy / "report/trial/smoothing/table.csv")
    assert table["filter_mean_energy"].between(0, 1).all()
    assert len(table) == 2


def test_the_test_of_the_measure_passes(
    copy: Path,
) -> None:
    assert "1 passed" in run(copy, "pytest", "-q", "tests/measures/test_filter_mean.py")
