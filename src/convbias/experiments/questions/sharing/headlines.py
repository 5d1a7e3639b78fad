"""What the figures of `sharing` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.sharing.question import STEPS
from convbias.findings.headlines import gain, shortened
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether weight sharing buys most, with equal parameters and with equal channels."""
    # With equally many parameters only where there are such networks.
    matched = {"channels": "channel-matched", "parameters": "parameter-matched"}
    found = {}
    for (noun, ladder), statement in zip(matched.items(), outcome.statements, strict=False):
        locality, sharing, averaging = (gain(contrasts.get(f"{step}-{ladder}")) for step in STEPS)
        found[noun] = shortened(
            statement,
            f"With equally many {noun}, weight sharing buys most: {sharing} points, against"
            f" {locality} for locality and {averaging} for averaging.",
        )
    return {"accuracy": found.get("parameters", found["channels"]), "shares": found["channels"]}
