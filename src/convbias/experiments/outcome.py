"""The outcome of an experiment beside its planned contrasts."""

from __future__ import annotations

from dataclasses import dataclass

from convbias.figures import Figure
from convbias.findings.statement import Statement


@dataclass(frozen=True, eq=False)
class Outcome:
    """Statements, controls and figures of an experiment.

    Args:
        statements: findings other than the planned contrasts.
        controls: whether the results known in advance are found in these runs.
        figures: the figures, in the order of the report; the first is the main one.
    """

    statements: tuple[Statement, ...]
    controls: tuple[Statement, ...]
    figures: tuple[Figure, ...]
