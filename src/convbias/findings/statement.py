"""Sentences about measured values with their verdicts, and the rules for these verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from convbias.statistics import mean_interval

# The spread of two values is known too poorly to judge by.
FEWEST_SEEDS = 3
ALPHA = 0.05  # chance of a false statement in an experiment, as for its contrasts

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


def above(
    values: Iterable[float], bound: float, *, margin: float = 0.0, comparisons: int = 1
) -> Judgement:
    """Whether the mean over seeds is shown to be above a bound, and by enough to matter.

    Args:
        values: One per seed.
        bound: In their unit.
        margin: What lies above the bound by less does not matter, as in contrasts; 0 where the
            bound itself says what matters.
        comparisons: How many intervals the experiment's statements are judged by; the level is
            divided among them (Bonferroni).

    Returns:
        "holds" where the whole interval of the mean is above the bound, "does not hold" where all
        of it is below the bound or above it by less than the margin.
    """
    known = list(values)
    if not known:
        return "not measured yet"
    interval = mean_interval(known, 1 - ALPHA / comparisons)
    if len(known) < FEWEST_SEEDS or interval is None:
        return "undecided"
    if interval.high < bound + margin:
        return "does not hold"
    return "holds" if interval.low > bound else "undecided"


def absent(values: Sequence[float], none: float, matters: float, comparisons: int = 1) -> Judgement:
    """Whether an effect is absent.

    Args:
        values: the size of the effect, one per seed; at least one.
        none: the largest value that counts as absent.
        matters: the effect is present if the interval of the mean lies above this.
        comparisons: As in `above`.
    """
    if max(values) <= none:
        return "holds"
    if len(values) < FEWEST_SEEDS:
        return "undecided"
    interval = mean_interval(values, 1 - ALPHA / comparisons)
    lowest = interval.low if interval else min(values)
    return "does not hold" if lowest > matters else "undecided"


def in_all_cases(verdicts: Collection[Judgement]) -> Judgement:
    """The verdict on one thing that is claimed of several cases.

    Returns:
        "depends" where it holds in some cases, and does not hold in others; else as `all_of`.
    """
    if "holds" in verdicts and "does not hold" in verdicts:
        return "depends"
    return all_of(verdicts)


def all_of(verdicts: Collection[Judgement]) -> Judgement:
    """The verdict on several things that are claimed together."""
    found: list[Judgement] = [each for each in _DECISIVE_FIRST if each in verdicts]
    return found[0] if found else "holds"
