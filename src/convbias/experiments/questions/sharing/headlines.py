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
    channels, parameters = (
        shortened(
            statement,
            f"With equally many {noun}, weight sharing buys most: {sharing} points, against"
            f" {locality} for locality and {averaging} for averaging.",
        )
        for statement, noun, (locality, sharing, averaging) in zip(
            outcome.statements,
            ("channels", "parameters"),
            (
                [gain(contrasts.get(f"{step}-{matched}")) for step in STEPS]
                for matched in ("channel-matched", "parameter-matched")
            ),
            strict=True,
        )
    )
    return {"accuracy": parameters, "shares": channels}
