"""Measured values by seed, as statements bring them: with spread and number of seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from convbias.findings.evaluation import is_measured, score
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import Judgement
from convbias.findings.wording import how_many_seeds
from convbias.spec.quantities import Quantity
from convbias.statistics import summarise

# Two values say too little about their spread.
FEWEST_SEEDS = 3


def by_seed(results: Results, condition: str, name: str) -> dict[int, float]:
    """A measured value of every finished run of a condition that has it.

    Args:
        results: Of an experiment.
        condition: Its name.
        name: Of the value.

    Returns:
        Seed to value.
    """
    return {
        run.seed: run.measures[name]
        for run in results.runs
        if run.condition == condition and run.status == "finished" and name in run.measures
    }


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
        if run.condition == condition and run.status == "finished" and is_measured(run, quantity)
    }


def measured(runs: Sequence[ConditionRun], name: str, condition: str | None = None) -> list[float]:
    """A measure's values, one per run that has it.

    Args:
        runs: Finished runs.
        name: Of the measure.
        condition: Of which runs; of all when absent.
    """
    return [
        run.measures[name]
        for run in runs
        if name in run.measures and condition in (None, run.condition)
    ]


def minus(treatment: Mapping[int, float], baseline: Mapping[int, float]) -> list[float]:
    """Differences between two conditions over the seeds that both have."""
    return [treatment[seed] - baseline[seed] for seed in treatment if seed in baseline]


def mean_of(
    values: Iterable[float], scale: float, digits: int, unit: str = "", sign: str = ""
) -> str:
    """A mean with its 95 % interval and the number of seeds.

    Args:
        values: One per seed, at least one.
        scale: What they are multiplied by to be in the unit.
        digits: After the decimal point.
        unit: Behind the mean, where it has one.
        sign: "+" to write a plus sign too.

    Example:
        >>> mean_of([0.5, 0.52, 0.54], 100, 1, "%")
        '52.0 % (95 % interval 47.0 to 57.0, 3 seeds)'
        >>> mean_of([0.5], 1, 2, "pixels")
        '0.50 pixels (1 seed)'
    """
    summary = summarise([scale * value for value in values])
    parts = [how_many_seeds([summary.n])]
    if summary.interval is not None:
        low, high = (f"{end:{sign}z.{digits}f}" for end in summary.interval.ends)
        parts.insert(0, f"95 % interval {low} to {high}")
    mean = f"{summary.mean:{sign}z.{digits}f} {unit}".rstrip()
    return f"{mean} ({', '.join(parts)})"


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
    counts = [summary.n for summary in summaries.values()]
    what = "95 % intervals over " if max(counts) > 1 else ""
    return f"{', '.join(told)}; {what}{how_many_seeds(counts)}"


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
    if "does not hold" in verdicts:
        return "does not hold"
    return "holds" if set(verdicts) == {"holds"} else "undecided"
