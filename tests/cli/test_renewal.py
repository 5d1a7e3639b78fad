"""The report that is renewed while a study is trained: when, and that it is never half written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools.servers.processes import wait_until

from command_line import files_below, finished_study
from convbias.cli import renewal
from convbias.cli.renewal import RenewedReport
from convbias.experiments.studies import load_study
from convbias.runs.engines.base import Event, Finished, Lost, Waiting, Work
from convbias.runs.engines.here import Here, HereExecution
from convbias.runs.store import Store
from convbias.spec.study import Study


class Scripted(Here, HereExecution):
    """An engine whose units take as long as the test says."""

    def __init__(self) -> None:
        HereExecution.__init__(self, Path(), print)
        self.units: list[Work] = []
        self.event: Event | None = None
        self.error: Exception | None = None

    @contextmanager
    def open(self, *_: object, **__: object) -> Iterator[Scripted]:
        yield self

    def submit(self, works: Sequence[Work]) -> None:
        self.units += works
        self.event = self.error = None

    def poll(self) -> Event | None:
        if self.error is not None:
            raise self.error
        return self.event

    def next(self) -> Event:
        raise AssertionError("nobody waits for the report")


@pytest.fixture
def study() -> Study:
    return load_study("smoke").on("drawn")


def test_a_report_takes_no_more_than_its_share(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "cores", lambda: 2)
    monkeypatch.setattr(renewal, "SHARE", 0.05)
    now = 0.0
    engine = Scripted()
    folder = tmp_path / "report"
    with RenewedReport(study, Store(tmp_path), folder, lambda: now, engine) as renewed:
        renewed.renew(wanted=False)
        assert not engine.units  # no seed is complete
        renewed.renew(wanted=True)
        now = 30.0
        renewed.renew(wanted=True)
        assert len(engine.units) == 1  # it is still being written
        engine.event = Waiting("a processor is wanted")
        renewed.renew(wanted=True)
        assert len(engine.units) == 1
        engine.event = Finished(engine.units[0], 6.0)
        # Six seconds of the processor: a twentieth of two cores for a minute.
        now = 59.0
        renewed.renew(wanted=True)
        assert len(engine.units) == 1
        now = 61.0
        renewed.renew(wanted=False)  # what was put off
        assert len(engine.units) == 2
        engine.error = RuntimeError("nobody has foreseen this")
        now = 200.0
        renewed.renew(wanted=False)
        assert len(engine.units) == 2  # nothing is new
        renewed.renew(wanted=True)
        assert len(engine.units) == 3
        engine.event = Lost((engine.units[2],), "a process died")
        now = 400.0
        renewed.renew(wanted=True)
        assert len(engine.units) == 4


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
