"""What the figure of `language` shows, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.beyond.language.outcome import behind_attention
from convbias.experiments.beyond.language.question import LONGEST, NATS, SHORTEST
from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import gain
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether convolution is behind attention that sees as much."""
    if not outcome.figures:
        return {}
    short, long = (
        gain(contrasts.get(f"attention-over-convolution-{field}"), NATS)
        for field in (SHORTEST, LONGEST)
    )
    text = (
        "On text, convolution is behind attention that sees as much. Attention’s loss minus that of"
        f" convolution: {short} nats at {SHORTEST} characters, {long} at {LONGEST}."
    )
    return {"context": Statement(text, behind_attention(contrasts))}
