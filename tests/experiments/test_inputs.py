"""The fingerprint of what a report is written from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convbias.experiments import EXPERIMENTS, inputs
from convbias.experiments.inputs import report_inputs
from convbias.experiments.studies import load_study
from convbias.runs.store import Store
from factories import make_run


def test_it_changes_with_the_study_its_runs_its_measurements_and_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "code_version", lambda: "1.0 (0123)")
    study = load_study("smoke").on("drawn").of_experiment("shift")
    store = Store(tmp_path)
    found = [report_inputs(study, store)]
    assert report_inputs(study, store) == found[0]
    run = make_run(study.arms(EXPERIMENTS["shift"])["cnn"], 0)
    path = store.write(run)
    found.append(report_inputs(study, store))
    os.utime(path, ns=(1, 1))
    found.append(report_inputs(study, store))
    measurement = store.measurement_path(run, "shift_consistency")
    measurement.parent.mkdir()
    measurement.touch()
    found.append(report_inputs(study, store))
    found.append(report_inputs(study.with_seeds((0, 1)), store))
    store.write(make_run(run.arm, 5))  # a seed of no interest
    assert report_inputs(study, store) == found[3]
    monkeypatch.setattr(inputs, "code_version", lambda: "1.0 (4567)")
    found.append(report_inputs(study, store))
    assert len(set(found)) == len(found) == 6
    assert all(found)


def test_code_without_a_name_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "code_version", lambda: "1.0 (0123+)")
    assert report_inputs(load_study("smoke"), Store(tmp_path)) == ""
