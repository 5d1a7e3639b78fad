"""What the figures of `tables` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.beyond.tables.outcome import behind_everywhere
from convbias.experiments.beyond.tables.question import ROWS_RIGHT, TABLES, TITLES
from convbias.experiments.outcome import Outcome
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether convolution is behind on tables."""
    told = ", ".join(
        f"{ROWS_RIGHT.written(-found.difference, '+')} ({TITLES[table]})"
        for table in TABLES
        if (found := contrasts.get(f"dense-over-convolution-{table}"))
    )
    return {
        "accuracy": Statement(
            "On tables in arbitrary order, convolution is behind a dense network of its size:"
            f" {told or 'no seed yet'}, in percentage points.",
            behind_everywhere(contrasts),
        )
    }
