"""A tiny report, built once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import one_at_a_time, shared_folder
from convbias.data import Dataset
from convbias.experiments import ORIGINAL
from convbias.report import write_report
from convbias.runs.record import Run
from convbias.runs.store import Store
from page_site import tested_site
from report_samples import drawn_runs, tiny_dataset


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return tiny_dataset()


@pytest.fixture(scope="session")
def runs(dataset: Dataset) -> list[Run]:
    return drawn_runs(dataset)


@pytest.fixture(scope="session")
def report(dataset: Dataset, runs: list[Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of `report.html`, with its other files beside it."""
    folder = shared_folder(tmp_path_factory.getbasetemp()) / "tiny-report"
    with one_at_a_time(folder):
        written = folder / "report.html"
        return (
            written if written.exists() else write_report("tiny", ORIGINAL, runs, dataset, folder)
        )


@pytest.fixture(scope="session")
def site(fashion_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Store]:
    """The folder of an explorable page, and the store of the untrained networks in it."""
    assert len(fashion_mnist.test_images) == 10_000
    return tested_site(tmp_path_factory.getbasetemp())
