"""Where the published studies are, in a checkout and in an installed package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from convbias.runs.store import Store


def published_folder() -> Path:
    """The folder of the published studies; the runs of the study `full` are in `full/runs`.

    It comes with the package, also with one that is installed from a wheel, and is only read.
    """
    # In a checkout this is a link to `results/`; a wheel has the files themselves.
    return Path(str(resources.files("convbias.runs") / "results")).resolve()


def page_store() -> Store:
    """The networks that come with the package for the explorable page of the published study.

    They are repetitions: the study's arms and seeds, trained again on another machine.
    """
    return Store(published_folder() / "page")
