"""Publish a study: its runs into results/, its figures and tables into README.md and docs/.

Usage: `.venv/bin/python -m tools.publish --runs runs`, and for the study of other images
`.venv/bin/python -m tools.publish --profile across --dataset mnist --runs runs`
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from convbias.experiments import ORIGINAL
from convbias.experiments.studies import PUBLISHED, experiments_of, load_study
from convbias.findings.results import ConditionRun, collect
from convbias.report.card.pipeline import write_model_card
from convbias.report.pipeline import read_study, write_study_report
from convbias.runs.choosing import COMPARED
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from convbias.spec.quantities import TEST_LOSS
from convbias.spec.study import Study
from tools.document import write_pages
from tools.published import ACROSS, ROOT, published_folder_of, published_sections
from tools.readme_page import FIGURES

DESCRIBED = "cnn-3x3"  # the condition whose network gets a model card
LARGEST_NETWORK = 2**20  # bytes
CARD = "model-card"  # folder for the network's model card, next to the published runs


def _reduced(run: Run, needed: Mapping[str, Collection[str]]) -> Run:
    """A run without those per-image arrays that no published result needs.

    Losses take two thirds of a run's space, and predictions half of the rest.

    Args:
        run: the run.
        needed: field of the per-image arrays to the hashes of the arms that need it.
    """
    if run.per_image is None:
        return run
    left_out = {field: None for field, arms in needed.items() if run.arm_hash not in arms}
    return run.model_copy(update={"per_image": run.per_image.model_copy(update=left_out)})


def _needed_per_image(study: Study) -> dict[str, set[str]]:
    """The per-image arrays besides correctness, with the hashes of the arms that need them.

    Contrasts of the loss need losses; the figures of confused classes need predictions.
    """
    compared = {
        study.arms(experiment)[condition].hash
        for experiment in experiments_of(study).values()
        for contrast in experiment.contrasts
        if contrast.quantity.name == TEST_LOSS.name
        for condition in (contrast.treatment, contrast.baseline)
    }
    return {"loss": compared, "predicted": {arm.hash for arm in study.arms(ORIGINAL).values()}}


def publish_runs(study: Study, source: Store, target: Store, only: Sequence[str] = ()) -> None:
    """Copy a study's runs, what was fixed before them, and measurements.

    Per-image arrays that nothing needs are left out.

    Args:
        study: the study.
        source: the stored runs.
        target: receives the published runs; earlier ones are deleted.
        only: experiments to publish beside what is there; by default all, in its place.
    """
    if not only:
        shutil.rmtree(target.folder, ignore_errors=True)
    (target.folder / "measurements").mkdir(parents=True, exist_ok=True)
    if (dataset := source.read_dataset(study.dataset)) is not None:
        target.write_dataset(dataset)
    needed = _needed_per_image(study)
    fixed = source.preregistrations()
    experiments = experiments_of(study)
    for name in only or experiments:
        for run in collect(study, experiments[name], source).runs:
            target.write(_reduced(read_run(source.path(run.arm, run.seed)), needed))
            if run.preregistration in fixed:
                target.write_preregistration(fixed[run.preregistration])
            for measure in experiments[name].measures:
                path = source.measurement_path(run, measure)
                shutil.copy(path, target.folder / "measurements")


def _publish_networks(runs: Sequence[ConditionRun], source: Store, target: Store) -> None:
    """Publish the first network of each model that `explain` compares, and one's model card."""
    for model in COMPARED:
        run = next(run for run in runs if run.condition == model.name and run.status == "finished")
        network = source.network_path(run.arm, run.seed)
        size = network.stat().st_size
        if size > LARGEST_NETWORK:
            raise SystemExit(f"{network} has {size:,} bytes, more than {LARGEST_NETWORK:,}")
        shutil.copy(network, target.folder)
        if run.condition == DESCRIBED:
            write_model_card(target, run.key, target.folder.parent / CARD)


def main() -> None:
    """Publish the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    parser.add_argument(
        "--only", nargs="+", default=[], help="experiments to publish beside what is published"
    )
    parser.add_argument("--profile", default=PUBLISHED, choices=(PUBLISHED, ACROSS))
    parser.add_argument("--dataset", help="images of the profile's study, where not its own")
    arguments = parser.parse_args()
    source = Store(arguments.runs)
    source.register_datasets()
    study = load_study(arguments.profile)
    if arguments.dataset:
        study = study.on(arguments.dataset)
    target = Store(published_folder_of(study) / "runs")
    publish_runs(study, source, target, arguments.only)
    main_study = study.name == PUBLISHED
    if main_study and not arguments.only:
        _publish_networks(collect(study, ORIGINAL, source).runs, source, target)
    with tempfile.TemporaryDirectory() as folder:
        write_study_report(read_study(study, target), Path(folder))
        shutil.copy(Path(folder) / "table.csv", target.folder.parent)
        (ROOT / "docs/figures").mkdir(exist_ok=True)
        for figure in FIGURES if main_study else ():
            shutil.copy(
                Path(folder) / "figures" / f"{figure}.svg",
                ROOT / "docs/figures" / f"{study.name}-{figure}.svg",
            )
    write_pages(PUBLISHED, *published_sections(PUBLISHED))


if __name__ == "__main__":
    main()
