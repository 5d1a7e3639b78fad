"""The one shape of what came out of an experiment, beside its planned contrasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convbias.figures import Figure
from convbias.findings import is_measured, score
from convbias.quantities import Quantity
from convbias.results import Results

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


def scores_by_seed(results: Results, condition: str, quantity: Quantity) -> dict[int, float]:
    """What the finished runs of a condition scored, in the stored unit, by seed.

    Args:
        results: Of an experiment.
        condition: Its name.
        quantity: Which score; runs without it are left out.
    """
    return {
        run.seed: score(run, quantity)
        for run in results.runs
        if run.arm_name == condition and run.status == "finished" and is_measured(run, quantity)
    }
