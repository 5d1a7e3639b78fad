"""The one shape of what came out of an experiment, beside its planned contrasts."""

from __future__ import annotations

from dataclasses import dataclass

from convbias.figures import Figure
from convbias.findings.statement import Statement


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out.

    Args:
        statements: Findings that are not differences between two conditions.
        controls: Whether what must come out as known does, on these runs.
        figures: In the order of the report; the first is the experiment's own.
    """

    statements: tuple[Statement, ...]
    controls: tuple[Statement, ...]
    figures: tuple[Figure, ...]
