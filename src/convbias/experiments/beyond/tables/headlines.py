"""What the figures of `tables` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.beyond.tables.outcome import behind_everywhere
from convbias.experiments.beyond.tables.question import ROWS_RIGHT, TABLES, TITLES
from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.spec.beyond.tables import TableName
from convbias.spec.formatting import MISSING
from convbias.statistics import Contrast


def headlines(
    _results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether convolution is behind on tables."""
    gains: dict[TableName, Contrast] = {
        table: contrasts[name]
        for table in TABLES
        if (name := f"dense-over-convolution-{table}") in contrasts
    }
    written: dict[TableName, str] = {
        table: ROWS_RIGHT.written(-found.difference, "+") for table, found in gains.items()
    }
    told = ", ".join(f"{number} ({TITLES[table]})" for table, number in written.items())
    found = {
        "loans": Statement(
            "On tables in arbitrary order, convolution is behind a dense network of its size. The"
            f" differences: {told or 'no seed yet'}, in percentage points.",
            behind_everywhere(contrasts),
        )
    }
    for table in ("breast-cancer", "wine"):
        found[table] = Statement(
            f"{TITLES[table].capitalize()}: convolution over columns in arbitrary order is behind a"
            f" dense network of its size; the difference is {written.get(table, MISSING)} points.",
            supports(gains.get(table)),
        )
    return found
