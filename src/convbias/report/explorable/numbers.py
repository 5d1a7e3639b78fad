"""The numbers behind the page's views: conditions with their seeds, and evaluated contrasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import ConditionRun, Results
from convbias.findings.values import scores_by_seed
from convbias.spec.arithmetic import multiply_adds
from convbias.spec.quantities import TEST_ACCURACY, Quantity
from convbias.statistics import Contrast, Interval, summarise

# Experiment to which of its measures the page shows beside the test accuracy.
_SHOWN: dict[str, Callable[[str], bool]] = {
    "original": lambda _: False,
    "recipe": lambda _: False,
    "shift": lambda name: (
        name.startswith("accuracy_at_shift_")
        or name in ("shift_consistency", "one_pixel_flip_probability")
    ),
    "data-efficiency": lambda _: False,
    "permutation": lambda _: False,
    "sharing": lambda _: False,
    "kernel-size": lambda _: False,
    "location": lambda name: name == "accuracy_dissimilar",
    "receptive-field": lambda name: name in ("effective_field_50", "theoretical_field"),
}

SHOWN = tuple(_SHOWN)


def experiment_record(results: Results) -> dict[str, Any]:
    """What the page shows of one experiment.

    Args:
        results: What is stored of it; at least one run is finished.

    Returns:
        Its title, conditions and contrasts, in the units in which they are stored.
    """
    experiment = results.experiment
    finished = [run for run in results.runs if run.status == "finished"]
    by_condition = {
        name: [run for run in finished if run.condition == name] for name in experiment.names
    }
    return {
        "title": experiment.title,
        "notShown": experiment.not_shown,
        "conditions": {
            name: _condition(results, name, runs) for name, runs in by_condition.items() if runs
        },
        "contrasts": [
            _contrast(finding, finding.contrast)
            for finding in evaluate(experiment, results.runs)
            if finding.contrast is not None
        ],
    }


def _condition(results: Results, name: str, runs: Sequence[ConditionRun]) -> dict[str, Any]:
    arm = runs[0].image_arm
    shown = _SHOWN[results.experiment.name]
    values = {TEST_ACCURACY.name: scores_by_seed(results, name, TEST_ACCURACY)}
    for run in runs:
        for measure, value in run.measures.items():
            if shown(measure):
                values.setdefault(measure, {})[run.seed] = value
    return {
        "model": arm.model.model_dump(),
        "data": arm.data.changes | {"training_images": arm.data.training_images},
        "epochs": arm.recipe.epochs,
        "parameters": runs[0].measures.get("parameters"),
        "multiplyAdds": multiply_adds(arm.model, arm.data.dimensions),
        "runs": [run.key for run in runs],
        "values": {measure: _values(found) for measure, found in values.items() if found},
    }


def _values(by_seed: dict[int, float]) -> dict[str, Any]:
    summary = summarise(list(by_seed.values()))
    return {
        "seeds": list(by_seed),
        "bySeed": list(by_seed.values()),
        "mean": summary.mean,
        "interval": _interval(summary.interval),
    }


def _contrast(finding: Finding, contrast: Contrast) -> dict[str, Any]:
    planned = finding.planned
    return {
        "name": planned.name,
        "question": planned.question,
        "treatment": planned.treatment,
        "baseline": planned.baseline,
        "quantity": _quantity(planned.quantity),
        "n": contrast.n,
        "seeds": list(finding.seeds),
        "difference": contrast.difference,
        "interval": _interval(contrast.interval),
        "overImages": contrast.crossed_interval is not None,
        "seedsInterval": _interval(contrast.seeds_interval),
        "pValue": contrast.p_value,
        "adjustedPValue": contrast.adjusted_p_value,
        "comparisons": contrast.comparisons,
        "alpha": contrast.alpha,
        "verdict": contrast.verdict,
        "runs": list(finding.runs),
        "remarks": list(finding.remarks),
    }


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.name,
        "noun": quantity.noun,
        "unit": quantity.unit,
        "scale": quantity.scale,
        "digits": quantity.digits,
        "margin": quantity.margin,
        "higherIsBetter": quantity.higher_is_better,
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval.ends)
