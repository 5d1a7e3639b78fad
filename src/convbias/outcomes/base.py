"""The one shape of what came out of an experiment, beside its planned contrasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convbias.figures import Figure

Judgement = Literal["holds", "does not hold", "undecided", "not measured yet"]


@dataclass(frozen=True)
class Statement:
    """A sentence with its numbers, and what it says about what was asked.

    Args:
        text: The sentence.
        verdict: Whether what was asked, or what must come out as known, does.
    """

    text: str
    verdict: Judgement


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
