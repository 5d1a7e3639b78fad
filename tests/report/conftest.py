"""A tiny report, built once per session."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from command_line import one_at_a_time, shared_folder
from convbias.data import Dataset
from convbias.experiments import ORIGINAL
from convbias.report import write_report
from convbias.runs.record import Run
from convbias.runs.store import Store
from page_browser import ARGUMENTS, Quiet, opened
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


@pytest.fixture(scope="module")
def address(site: tuple[Path, Store]) -> Iterator[str]:
    """The page's address on a server as `python -m http.server` starts it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site[0])))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def study(site: tuple[Path, Store]) -> dict[str, Any]:
    return json.loads((site[0] / "study.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """One page for the tests of single views; each begins with an address of its own."""
    page, troubles = opened(browser, address, reduced_motion="reduce")
    yield page
    assert troubles == []
    page.context.close()
