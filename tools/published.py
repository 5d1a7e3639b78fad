"""Read the published study from results/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.findings.results import Results, collect
from convbias.report import ExperimentSection, experiment_section
from convbias.runs.store import Store

ROOT = Path(__file__).parents[1]


@cache  # several pages are written from it
def published(profile: str) -> tuple[Results, ...]:
    """What is published of every experiment of a profile."""
    study = load_study(profile)
    store = Store(ROOT / "results" / profile / "runs")
    return tuple(collect(study, EXPERIMENTS[name], store) for name in study.experiments)


def published_sections(profile: str) -> tuple[Results, list[ExperimentSection]]:
    """What is published of the original comparison, and the sections of the other experiments."""
    original, *further = published(profile)
    sections = [experiment_section(each) for each in further]
    return original, [each for each in sections if each]
