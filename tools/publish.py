"""Publish a study: its runs into results/, its figures and tables into README.md and docs/.

.venv/bin/python -m tools.publish --runs runs
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import PUBLISHED, load_study
from convbias.findings.results import ConditionRun, collect
from convbias.report.pipeline import read_study, write_model_card, write_study_report
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from convbias.spec.quantities import TEST_LOSS
from convbias.spec.study import Study
from tools.document import write_pages
from tools.published import ROOT, published_sections
from tools.readme_page import FIGURES

SHIPPED = "cnn-3x3"  # the one arm of which a network is published
MOST_SHIPPED_BYTES = 2**20
CARD = "model-card"  # folder beside the published runs


def _kept(run: Run, asked: Mapping[str, Collection[str]]) -> Run:
    """A run as it is published, with of single images only what is asked for.

    Losses take two thirds of a run's space, and predictions half of the rest.
    """
    if run.per_image is None:
        return run
    left_out = {field: None for field, arms in asked.items() if run.arm_hash not in arms}
    return run.model_copy(update={"per_image": run.per_image.model_copy(update=left_out)})


def asked_of_images(study: Study) -> dict[str, set[str]]:
    """What is asked of single images beside correctness, each with the hashes of the arms.

    Losses are where a contrast compares them, predictions where figures show confused classes.
    """
    compared = {
        study.arms(experiment)[condition].hash
        for experiment in map(EXPERIMENTS.__getitem__, study.experiments)
        for contrast in experiment.contrasts
        if contrast.quantity == TEST_LOSS
        for condition in (contrast.treatment, contrast.baseline)
    }
    return {"loss": compared, "predicted": {arm.hash for arm in study.arms(ORIGINAL).values()}}


def _ship(runs: Sequence[ConditionRun], source: Store, target: Store) -> None:
    """Publish the network of the first CNN 3x3, for the notebook and others, with its card."""
    run = next(run for run in runs if run.condition == SHIPPED and run.status == "finished")
    network = source.network_path(run.arm, run.seed)
    size = network.stat().st_size
    if size > MOST_SHIPPED_BYTES:
        raise SystemExit(f"{network} has {size:,} bytes, more than {MOST_SHIPPED_BYTES:,}")
    shutil.copy(network, target.folder)
    write_model_card(target, run.key, target.folder.parent / CARD)


def main() -> None:
    """Publish the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    arguments = parser.parse_args()
    study = load_study(PUBLISHED)
    source = Store(arguments.runs)
    target = Store(ROOT / "results" / study.name / "runs")
    shutil.rmtree(target.folder, ignore_errors=True)
    (target.folder / "measurements").mkdir(parents=True)
    asked = asked_of_images(study)
    for name in study.experiments:
        for run in collect(study, EXPERIMENTS[name], source).runs:
            target.write(_kept(read_run(source.path(run.arm, run.seed)), asked))
            for measure in EXPERIMENTS[name].measures:
                path = source.measurement_path(run, measure)
                shutil.copy(path, target.folder / "measurements")
    _ship(collect(study, ORIGINAL, source).runs, source, target)
    with tempfile.TemporaryDirectory() as folder:
        write_study_report(read_study(study, target), Path(folder))
        shutil.copy(Path(folder) / "table.csv", target.folder.parent)
        (ROOT / "docs/figures").mkdir(exist_ok=True)
        for figure in FIGURES:
            shutil.copy(
                Path(folder) / "figures" / f"{figure}.svg",
                ROOT / "docs/figures" / f"{study.name}-{figure}.svg",
            )
    write_pages(study.name, *published_sections(study.name))


if __name__ == "__main__":
    main()
