"""What the figures of `corruption` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.corruption.question import (
    CNN,
    DENSE,
    FINE_OVER_COARSE,
    lost_to,
)
from convbias.findings.headlines import mean_percent, refutes
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.values import by_seed
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether noise costs the CNN more than the dense network, and fine noise above all."""
    noise, bands = (
        [
            mean_percent(by_seed(results, model.name, quantity.name).values())
            for model in (CNN, DENSE)
        ]
        for quantity in (lost_to("noise"), FINE_OVER_COARSE)
    )
    return {
        "accuracy": Statement(
            f"Noise costs the 3x3 CNN more accuracy than the dense network: {noise[0]} and"
            f" {noise[1]} percentage points on average.",
            refutes(contrasts.get("cnn-over-dense-under-noise")),
        ),
        "bands": Statement(
            "The CNN reacts to finer detail: fine instead of coarse noise costs it"
            f" {bands[0]} percentage points, the dense network {bands[1]}.",
            refutes(contrasts.get("cnn-over-dense-under-fine-noise")),
        ),
    }
