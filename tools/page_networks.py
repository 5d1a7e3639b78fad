"""Publish the networks with which the explorable page moves an image, into results/page/.

The published study holds its runs without networks, because they would take many times the space.
So three of its arms are trained again, with the same seed. On another machine than the study's, the
same training gives another network; the page names both accuracies.

Usage: `.venv/bin/python -m tools.page_networks --runs runs`
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import PUBLISHED, load_study
from convbias.report.explorable.networks import ON_CANVAS
from convbias.runs.missing import train_missing
from convbias.runs.published import page_store
from convbias.runs.store import Store
from convbias.spec.arms import Arm
from tools.published import ROOT

SEED = 0


def publish_page_networks(source: Store, target: Store, study_runs: Store) -> None:
    """Copy the networks and their runs, without what runs hold of single images.

    Args:
        source: The stored runs; missing ones are trained.
        target: Receives the networks.
        study_runs: The published runs, whose accuracies are printed beside those of the networks.
    """
    arms = load_study(PUBLISHED).arms(EXPERIMENTS["shift"])
    planned = [(arm, SEED) for arm in (arms[name] for name in ON_CANVAS.values())]
    train_missing(planned, source, 1)
    target.folder.mkdir(parents=True, exist_ok=True)
    for arm, seed in planned:
        if not isinstance(arm, Arm):
            raise TypeError(arm)
        run, published = source.read(arm, seed), study_runs.read(arm, seed)
        if run is None or run.test is None or published is None or published.test is None:
            raise SystemExit(f"{arm.model.name} is not trained, or not published")
        target.write(run.model_copy(update={"per_image": None}))
        shutil.copy(source.network_path(arm, seed), target.folder)
        difference = 100 * (run.test.accuracy - published.test.accuracy)
        print(f"{run.key}: {difference:+.2f} points of test accuracy from the published run")


def main() -> None:
    """Publish the networks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    arguments = parser.parse_args()
    study_runs = Store(ROOT / "results" / PUBLISHED / "runs")
    publish_page_networks(Store(arguments.runs), page_store(), study_runs)


if __name__ == "__main__":
    main()
