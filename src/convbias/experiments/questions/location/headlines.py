"""What the figures of `location` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.location.question import ELSEWHERE
from convbias.findings.headlines import mean_percent, shortened, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.values import by_seed
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether a global average discards position."""
    plain, circular = (
        mean_percent(by_seed(results, name, ELSEWHERE.name).values())
        for name in ("cnn", "circular cnn")
    )
    [averaging] = outcome.statements
    return {
        "accuracy": shortened(
            averaging,
            "A global average discards position: in the other class’s corner the CNN is right for"
            f" {plain} % of the {results.described.kind}, with circular padding for {circular} %.",
        ),
        "gap": Statement(
            "Averaging makes the CNN rely less on position than flattening does.",
            supports(contrasts.get("averaging-forgets-more-than-flattening")),
        ),
    }
