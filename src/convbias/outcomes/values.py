"""Measured values in statements: collected, judged and written with their spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.outcomes.base import Judgement
from convbias.run import Run
from convbias.statistics import summarise

FEWEST_SEEDS = 3  # below them, a spread over seeds says next to nothing


def measured(runs: Sequence[Run], name: str, condition: str | None = None) -> list[float]:
    """A measure's values, one per run that has it.

    Args:
        runs: Finished runs.
        name: Of the measure.
        condition: Of which runs; of all when absent.
    """
    return [
        run.measures[name]
        for run in runs
        if name in run.measures and condition in (None, run.arm_name)
    ]


def judged(values: Sequence[float], none: float, matters: float) -> Judgement:
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


def spread(values: Sequence[float], digits: int) -> str:
    """Mean, interval and number of seeds, for a sentence.

    Example:
        >>> spread([1.0, 2.0, 3.0], 1)
        '2.0 (95 % interval -0.5 to 4.5, 3 seeds)'
    """
    summary = summarise(values)
    seeds = f"{summary.n} seed" + ("s" if summary.n > 1 else "")
    if summary.interval is None:
        return f"{summary.mean:.{digits}f} ({seeds})"
    low, high = (f"{end:.{digits}f}" for end in summary.interval.ends)
    return f"{summary.mean:.{digits}f} (95 % interval {low} to {high}, {seeds})"
