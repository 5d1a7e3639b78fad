"""Measured values in statements: collected, judged and written with their spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def spreads(values: Mapping[str, Sequence[float]], digits: int) -> str:
    """Means and intervals of several conditions, for the end of a sentence.

    Args:
        values: Condition to its values, one per seed; at least one condition has any.
        digits: After the decimal point.

    Example:
        >>> spreads({"dense": [1.0, 2.0, 3.0], "cnn": []}, 1)
        'dense 2.0 (-0.5 to 4.5); 95 % intervals over 3 seeds'
        >>> spreads({"dense": [1.0]}, 1)
        'dense 1.0; 1 seed'
    """
    summaries = {name: summarise(of_name) for name, of_name in values.items() if of_name}
    told = []
    for name, summary in summaries.items():
        ends = ""
        if summary.interval is not None:
            ends = " ({:.{digits}f} to {:.{digits}f})".format(*summary.interval.ends, digits=digits)
        told.append(f"{name} {summary.mean:.{digits}f}{ends}")
    counts = sorted({summary.n for summary in summaries.values()})
    seeds = "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    seeds += " seed" + ("s" if counts[-1] > 1 else "")
    return f"{', '.join(told)}; {'95 % intervals over ' if counts[-1] > 1 else ''}{seeds}"
