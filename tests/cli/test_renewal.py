"""The report that is renewed while a study is trained: when, and that it is never half written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from tools.servers.processes import wait_until

from command_line import files_below, finished_study
from convbias.cli import renewal
from convbias.cli.renewal import RenewedReport
from convbias.experiments.studies import load_study
from convbias.runs.store import Store
from convbias.spec.study import Study


class Workers:
    """Stand-in for the process: each call takes as long as the test says.

    Args:
        _count: number of processes.
        _variables: their environment variables.
    """

    calls: list[Future[float]]

    def __init__(self, _count: int, _variables: object) -> None:
        type(self).calls = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def submit(self, _function: Callable[..., Any], *_arguments: Any) -> Future[float]:
        self.calls.append(Future())
        return self.calls[-1]


@pytest.fixture
def study() -> Study:
    return load_study("smoke").on("drawn")


def test_a_report_takes_no_more_than_its_share(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "Workers", Workers)
    monkeypatch.setattr(renewal, "cores", lambda: 2)
    monkeypatch.setattr(renewal, "SHARE", 0.05)
    now = 0.0
    with RenewedReport(study, Store(tmp_path), tmp_path / "report", lambda: now) as renewed:
        renewed.renew(wanted=False)
        assert not Workers.calls  # no seed is complete
        renewed.renew(wanted=True)
        now = 30.0
        renewed.renew(wanted=True)
        assert len(Workers.calls) == 1  # it is still being written
        Workers.calls[0].set_result(6.0)  # of the processor: a twentieth of two cores for a minute
        now = 59.0
        renewed.renew(wanted=True)
        assert len(Workers.calls) == 1
        now = 61.0
        renewed.renew(wanted=False)  # what was put off
        assert len(Workers.calls) == 2
        Workers.calls[1].set_exception(RuntimeError("nobody has foreseen this"))
        now = 200.0
        renewed.renew(wanted=False)
        assert len(Workers.calls) == 2  # nothing is new
        renewed.renew(wanted=True)
        assert len(Workers.calls) == 3


@pytest.mark.integration
def test_a_report_beside_training(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    finished = finished_study(tmp_path_factory.getbasetemp())
    shutil.copytree(finished / "runs", tmp_path / "runs")
    [gone, *_] = sorted((tmp_path / "runs").glob("*-seed1.json"))
    gone.unlink()
    study, folder = load_study(str(finished / "tiny.toml")), tmp_path / "report"
    left = folder / f"{renewal.PREFIX}{2**22 + 1}"  # of a killed command
    left.mkdir(parents=True)
    page = folder / "report.html"
    with RenewedReport(study, Store(tmp_path / "runs"), folder) as renewed:
        assert not left.exists()
        renewed.renew(wanted=True)
        wait_until(page.exists)
    assert files_below(folder) == files_below(finished / "report")
    text = page.read_text("utf-8")
    assert "Unfinished: 7 of 8 runs" in text
    assert '<meta http-equiv="refresh"' in text
    assert text.count("<li>original: ") == 1
    assert "Unfinished" not in (finished / "report" / "report.html").read_text("utf-8")


@pytest.mark.integration
def test_an_interrupted_report_leaves_the_one_before(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    finished = finished_study(tmp_path_factory.getbasetemp())
    study, folder = load_study(str(finished / "tiny.toml")), tmp_path / "report"
    shutil.copytree(finished / "report", folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with RenewedReport(study, Store(finished / "runs"), folder) as renewed:
        renewed.renew(wanted=True)
        wait_until(lambda: list(folder.glob(f"{renewal.PREFIX}*/table.csv")))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
