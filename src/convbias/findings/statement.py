"""Sentences about measured values with their verdicts, and the rules for these verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from convbias.statistics import summarise

# The spread of two values is known too poorly to judge by.
FEWEST_SEEDS = 3

Judgement = Literal[
    "holds", "does not hold", "depends", "undecided", "cannot hold", "not measured yet"
]

# Of several verdicts the first of these decides, or else all hold.
_DECISIVE_FIRST: tuple[Judgement, ...] = (
    "cannot hold",
    "does not hold",
    "not measured yet",
    "depends",
    "undecided",
)


@dataclass(frozen=True)
class Statement:
    """A sentence with its numbers and a verdict.

    Args:
        text: The sentence.
        verdict: whether the statement, or the control, holds.
        claim: the id in `claims.toml` of the claim that the statement decides.
    """

    text: str
    verdict: Judgement
    claim: str | None = None


def above(values: Iterable[float], bound: float) -> Judgement:
    """Whether the mean over seeds is shown to be above a bound, or to be below it.

    Args:
        values: One per seed.
        bound: In their unit.

    Returns:
        "holds" or "does not hold" where the mean's 95 % interval lies on one side of the bound.
    """
    known = list(values)
    if not known:
        return "not measured yet"
    interval = summarise(known).interval
    if len(known) < FEWEST_SEEDS or interval is None:
        return "undecided"
    if interval.low > bound:
        return "holds"
    return "does not hold" if interval.high < bound else "undecided"


def absent(values: Sequence[float], none: float, matters: float) -> Judgement:
    """Whether an effect is absent.

    Args:
        values: the size of the effect, one per seed; at least one.
        none: the largest value that counts as absent.
        matters: the effect is present if the interval of the mean lies above this.
    """
    if max(values) <= none:
        return "holds"
    if len(values) < FEWEST_SEEDS:
        return "undecided"
    interval = summarise(values).interval
    lowest = interval.low if interval else min(values)
    return "does not hold" if lowest > matters else "undecided"


def all_of(verdicts: Collection[Judgement]) -> Judgement:
    """The verdict on several things that are claimed together."""
    found: list[Judgement] = [each for each in _DECISIVE_FIRST if each in verdicts]
    return found[0] if found else "holds"
