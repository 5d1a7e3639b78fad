"""Sentences about what was measured, each with a verdict, and the rules of these verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from convbias.statistics import summarise

# Two values say too little about their spread.
FEWEST_SEEDS = 3

Judgement = Literal["holds", "does not hold", "undecided", "cannot hold", "not measured yet"]

# Of several verdicts the first of these decides, or else all hold.
_DECISIVE_FIRST: tuple[Judgement, ...] = (
    "cannot hold",
    "does not hold",
    "not measured yet",
    "undecided",
)


@dataclass(frozen=True)
class Statement:
    """A sentence with its numbers, and what it says about what was asked.

    Args:
        text: The sentence.
        verdict: Whether what was asked, or what must come out as known, does.
        claim: The original study's statement that it judges, by its name in `claims.toml`.
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
    """Whether something is absent: exactly so, or not, or too few runs to say.

    Args:
        values: How much of it there is, one per seed.
        none: What is as good as nothing.
        matters: What is certainly something, if the interval of the mean lies above.
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
    return next((each for each in _DECISIVE_FIRST if each in verdicts), "holds")
