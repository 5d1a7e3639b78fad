"""Which differences a study can decide, by the spread of the published runs."""

from __future__ import annotations

from dataclasses import replace

from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import PUBLISHED, load_study
from convbias.findings.evaluation import evaluate
from convbias.findings.results import collect
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.spec.experiment import PlannedContrast
from convbias.spec.looks import latest_look
from convbias.spec.study import Study
from convbias.statistics import SequentialContrast


def findable(study: Study, experiment: str) -> dict[PlannedContrast, float]:
    """The smallest difference that an experiment decides with 80 % power at its latest look.

    The spreads over seeds and test images are those of the published study, whose runs may be
    longer.

    Args:
        study: a study with looks.
        experiment: one of its experiments.

    Returns:
        Contrast to difference, in the unit of its quantity; empty before the first look, and
        without contrasts that are not published.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> [size, *_] = findable(load_study("first"), "original").values()
        >>> f"{100 * size:.1f} percentage points of accuracy"
        '1.0 percentage points of accuracy'
    """
    pairs = latest_look(len(study.of_experiment(experiment).seeds), study.looks)
    if pairs is None:
        return {}
    full = load_study(PUBLISHED).of_experiment(experiment)
    # All published seeds tell most about the spread.
    published = full.model_copy(update={"looks": (len(full.seeds),)})
    store = Store(published_folder() / PUBLISHED / "runs")
    results = collect(published, EXPERIMENTS[experiment], store)
    sizes = {}
    for finding in evaluate(results.experiment, results.runs):
        if isinstance(contrast := finding.contrast, SequentialContrast):
            size = replace(contrast, looks=study.looks).smallest_findable(pairs)
            sizes |= {} if size is None else {finding.planned: size}
    return sizes
