"""A study of a person's own images, from a file to a report, and again without the images."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from convbias.cli import main
from convbias.runs.store import Store
from made_images import COLOURED, made_dataset

PROFILE = """
name = "tiny"
cost = "seconds"
expect = "a report"
experiments = ["original", "shape"]
dataset = "fashion-mnist"
recipe = "classic"
epochs = 1
seeds = [0]
"""


@pytest.mark.integration
def test_a_study_of_own_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = made_dataset(COLOURED)
    np.savez(
        "bars.npz",
        x_train=made.train_images,
        y_train=made.train_labels,
        x_test=made.test_images,
        y_test=made.test_labels,
    )
    Path("tiny.toml").write_text(PROFILE)

    assert main(["study", "tiny.toml", "--data", "bars.npz"]) == 0
    assert "left out: shape, because silhouettes are cut out" in capsys.readouterr().out
    html = Path("report/tiny/report.html").read_text("utf-8")
    assert "What convolution buys on your images" in html
    assert Path("report/tiny/figures/samples.svg").exists()
    store = Store("runs")
    runs = list(store)
    assert len(runs) == 4
    # 28,099 = 3 * 9 * 32 + 32, 18,496, 8,320 and 128 * 3 + 3 for three classes.
    assert {run.measures["parameters"] for run in runs} >= {28_099}
    name = runs[0].image_arm.data.dataset
    stored = store.read_dataset(name)
    assert stored is not None
    assert {run.data_checksum for run in runs} == {stored.checksum}
    best = max(run.test.accuracy for run in runs if run.test)
    assert best > 0.9  # of three classes, of which the largest has 60 %

    shutil.rmtree("cache")
    assert main(["report", "tiny.toml", "--dataset", name, "--out", "again"]) == 0
    html = Path("again/report.html").read_text("utf-8")
    assert "The images are not here any more" in html
    assert Path("again/figures/per-class.svg").exists()
    assert not Path("again/figures/samples.svg").exists()
