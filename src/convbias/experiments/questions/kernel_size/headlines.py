"""What the figures of `kernel-size` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.kernel_size.question import MATCHED_FILTERS
from convbias.findings.headlines import gain, supports
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement, all_of
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether 5x5 is the best size, whatever is held equal."""
    judged: list[tuple[str, Judgement]] = [
        (matching.removeprefix("equal "), each.verdict)
        for matching, each in zip(MATCHED_FILTERS, outcome.statements, strict=True)
    ]
    best = [matching for matching, one in judged if one == "holds"]
    others = [matching for matching, one in judged if one != "holds"]
    verdict: Judgement = all_of([one for _, one in judged])
    if best and others and verdict != "not measured yet":
        verdict = "depends"
    text = "5x5 is the best kernel size, whatever is held equal"
    if verdict == "depends":
        text = (
            "Whether 5x5 is the best kernel size depends on what is held equal: it is at equal"
            f" {' and '.join(best)}, not at equal {' and '.join(others)}"
        )
    filled = contrasts.get("5x5-over-dilated-3x3")
    return {
        "accuracy": Statement(f"{text}.", verdict),
        "conditions": Statement(
            "A full 5x5 kernel beats nine weights spread over the same square, by"
            f" {gain(filled)} points.",
            supports(filled),
        ),
    }
