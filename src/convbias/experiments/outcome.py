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
        identities: whether what holds by construction holds; only a mistake could change it.
        controls: whether results known in advance, which a poor instrument or training could miss,
            are found in these runs; the positive control is added by `outcome_of`.
        figures: the figures, in the order of the report; the first is the main one.
    """

    statements: tuple[Statement, ...]
    identities: tuple[Statement, ...]
    controls: tuple[Statement, ...]
    figures: tuple[Figure, ...]
