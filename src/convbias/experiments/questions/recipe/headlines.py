"""What the figures of `recipe` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.findings.evaluation import compared
from convbias.findings.headlines import gain, supports
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement
from convbias.spec.quantities import TEST_ACCURACY
from convbias.spec.recipes import classic_contrast
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether the CNN is ahead with either recipe."""
    tuned = compared(results, "cnn-3x3", "dense", TEST_ACCURACY)
    classic = contrasts.get(classic_contrast("cnn-over-dense-accuracy"))
    found: set[Judgement] = {supports(tuned), supports(classic)}
    verdict: Judgement = "undecided"
    if len(found) == 1:
        [verdict] = found
    elif found == {"holds", "does not hold"}:
        verdict = "depends"
    text = (
        f"Whether the 3x3 CNN beats the dense network depends on the recipe: {gain(tuned)} points"
        f" with the tuned one, {gain(classic)} with Keras’ defaults."
        if verdict == "depends"
        else f"The 3x3 CNN beats the dense network with either recipe: {gain(tuned)} points with"
        f" the tuned one, {gain(classic)} with Keras’ defaults."
    )
    return {"accuracy": Statement(text, verdict)}
