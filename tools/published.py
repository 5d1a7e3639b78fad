"""Read the published studies from results/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from convbias.experiments.studies import PUBLISHED, experiments_of, load_study
from convbias.findings.results import Results, collect
from convbias.report import ExperimentSection, experiment_section
from convbias.runs.store import Store
from convbias.spec.datasets import DatasetName, short_name
from convbias.spec.study import Study

ROOT = Path(__file__).parents[1]

ACROSS = "across"  # the profile that is published for several data sets


def published_folder_of(study: Study) -> Path:
    """Where a study is published: under its name, or that of its images where it has several.

    Args:
        study: the study.
    """
    name = short_name(study.dataset) if study.name == ACROSS else study.name
    return ROOT / "results" / name


@cache  # several pages are written from it
def published(profile: str, dataset: DatasetName | None = None) -> tuple[Results, ...]:
    """What is published of every experiment of a profile.

    Args:
        profile: the profile.
        dataset: the images, where they are not the profile's own.
    """
    study = load_study(profile)
    if dataset is not None:
        study = study.on(dataset)
    store = Store(published_folder_of(study) / "runs")
    return tuple(collect(study, each, store) for each in experiments_of(study).values())


def published_sections(profile: str) -> tuple[Results, list[ExperimentSection]]:
    """What is published of the original comparison, and the sections of the other experiments."""
    original, *further = published(profile)
    sections = [experiment_section(each) for each in further]
    return original, [each for each in sections if each]


def datasets_across() -> list[DatasetName]:
    """The data sets for which the profile `across` is published."""
    found = []
    for folder in sorted((ROOT / "results").glob("*/runs")):
        store = Store(folder)
        store.register_datasets()
        run = next(iter(store), None)
        if run is not None and folder.parent.name != PUBLISHED:
            found.append(run.image_arm.data.dataset)
    return found
