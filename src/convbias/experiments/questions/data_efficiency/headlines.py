"""What the figures of `data-efficiency` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import gain, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement, all_of
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether the CNN is ahead with every number of images, and what that is worth."""
    names = {each.name: each.treatment.split()[-2] for each in results.experiment.contrasts}
    found = {name: contrasts.get(name) for name in names}
    told = ", ".join(f"{gain(found[name])} with {images}" for name, images in names.items())
    return {
        "accuracy": Statement(
            f"However few the images, the CNN is ahead of the dense network: {told} images, in"
            " percentage points.",
            all_of([supports(each) for each in found.values()]),
        ),
        "ratio": Statement(
            "To be as accurate as the CNN, the dense network needs more images, at every number"
            " for which their ratio can be told.",
            all_of([each.verdict for each in outcome.statements]),
        ),
    }
