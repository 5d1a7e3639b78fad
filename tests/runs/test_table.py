"""Runs as a table, read again by pyarrow and pandas."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from convbias.cli import main
from convbias.runs.measurement import Measurement
from convbias.runs.store import Store
from factories import make_arm, make_run


def test_a_row_per_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("runs")
    arm = make_arm("cnn-3x3", dataset="drawn")
    runs = [make_run(arm, seed, accuracy=0.8 + seed / 10, loss=0.25) for seed in (0, 1)]
    runs.append(make_run(make_arm("dense", dataset="drawn"), 7, status="diverged"))
    for run in runs:
        store.write(run)
    measured = Measurement(
        measure="sharpness",
        run=runs[1].key,
        weights_checksum=runs[1].weights_checksum,
        values={"edges": 0.5},
        pictures={},
        code_version="1",
    )
    store.write_measurement(runs[1], measured)
    (tmp_path / "runs" / "damaged-seed0.json").write_text("{")
    assert main(["runs", "export", "runs.parquet"]) == 0
    rows = parquet.read_table("runs.parquet").to_pandas().set_index("run")
    assert sorted(rows.index) == sorted(run.key for run in runs)
    second, diverged = rows.loc[runs[1].key], rows.loc[runs[2].key]
    assert (second.seed, second.model, second.data) == (1, "cnn", "drawn")
    assert second.test_accuracy == pytest.approx(0.9)
    assert second.test_loss == 0.25
    assert second.measure_edges == 0.5
    assert pd.isna(rows.loc[runs[0].key].measure_edges)
    assert len(second.epochs) == len(runs[1].epochs)
    assert json.loads(second.description)["model"]["kernel_size"] == 3
    assert diverged.status == "diverged"
    assert pd.isna(diverged.test_accuracy)


def test_another_suffix_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store("runs").write(make_run(make_arm("dense", dataset="drawn"), 0))
    assert main(["runs", "export", "runs.csv"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
