"""What the figures of `permutation` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import gain, refutes
from convbias.findings.results import Results
from convbias.findings.statement import Statement, all_of
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether the CNN's lead needs neighbouring pixels."""
    loss = contrasts.get("cnn-loses-by-shuffling-pixels")
    lead = contrasts.get("cnn-over-dense-on-shuffled-pixels")
    return {
        "accuracy": Statement(
            "The CNN’s lead needs neighbours: shuffling all pixels changes its accuracy by"
            f" {gain(loss)} points, and its lead over the dense network is then {gain(lead)}.",
            all_of([refutes(loss), refutes(lead)]),
        )
    }
