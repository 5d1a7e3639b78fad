"""What the figures of `sequences` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convbias.experiments.beyond.sequences.outcome import cells
from convbias.experiments.beyond.sequences.question import CONVOLUTIONS, LONG, LONGEST
from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import gain, shortened, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement, all_of
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether convolutions forget beyond their field only, and what images show."""
    if not outcome.figures:
        return {}
    unsuited, beyond, within = outcome.statements
    left = [
        f"{100 * np.mean(each.relative):.0f} % ({each.task.rule})"
        for each in cells(results, (LONG,))
        if each.task.lag == LONGEST and each.errors
    ]
    plain, order = (contrasts.get(name) for name in ("dilated-over-plain-images", "order-images"))
    return {
        "field": Statement(
            "Convolutions forget what is further back than their receptive field, and remember what"
            " is nearer: not the length of a sequence limits them, but how far they see.",
            all_of([beyond.verdict, within.verdict]),
        ),
        "lag": shortened(
            unsuited,
            f"Convolution is unsuited to long sequences: over {LONGEST:,} positions, dilated to see"
            f" {CONVOLUTIONS[LONG].receptive_field:,}, it keeps {', '.join(left) or 'not measured'}"
            " of guessing’s error.",
        ),
        "images": Statement(
            "Images row by row: seeing all rows gains the convolution"
            f" {gain(plain)} points over seeing 21; pixels in their order gain {gain(order)}.",
            all_of([supports(plain), supports(order)]),
        ),
    }
