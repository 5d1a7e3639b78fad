"""A quantity by condition: every run as a dot, means with intervals, one row per condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.figure import AltairChart, Figure
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.evaluation import is_measured, score
from convbias.findings.results import Results
from convbias.findings.wording import how_many_seeds
from convbias.spec.quantities import Quantity
from convbias.statistics import summarise

_ROW = 46  # pixels per condition


@dataclass(frozen=True)
class FigureText:
    """What a figure is called and said of it.

    Args:
        name: What its files are called, without the experiment's name.
        title: What is shown, in a few text.
        reading: How to read it beyond what every such figure says, in sentences.
    """

    name: str
    title: str
    reading: str = ""


def values_by_condition(results: Results, quantity: Quantity) -> pd.DataFrame:
    """A quantity of every finished run, in the unit that is read.

    Returns:
        Columns condition, seed and value, in the experiment's order.
    """
    rows = [
        {
            "condition": run.condition,
            "seed": run.seed,
            "value": quantity.scale * score(run, quantity),
        }
        for run in results.runs
        if run.status == "finished" and is_measured(run, quantity)
    ]
    return pd.DataFrame(rows, columns=["condition", "seed", "value"])


def means_over_seeds(values: pd.DataFrame, by: Sequence[str] = ("condition",)) -> pd.DataFrame:
    """Mean and 95 % interval (Student's t) of every condition.

    Args:
        values: Columns condition, seed and value.
        by: Further columns, of which every combination has a mean of its own.

    Returns:
        The columns of `by`, mean, low, high (missing for one seed) and n.
    """
    rows = []
    for names, of_condition in values.groupby(list(by), sort=False)["value"]:
        summary = summarise(of_condition)
        low, high = summary.interval.ends if summary.interval else (None, None)
        rows.append((*names, summary.mean, low, high, summary.n))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "n"])


def tooltips(number: str) -> list[alt.Tooltip]:
    """What is told of a mean that is pointed at.

    Args:
        number: Format of its numbers.
    """
    return [alt.Tooltip(f"{name}:Q", format=number) for name in ("mean", "low", "high")]


def rows_of_conditions(
    results: Results, quantity: Quantity, text: FigureText, names: Sequence[str] | None = None
) -> Figure:
    """Draw one row per condition.

    Args:
        results: Of an experiment.
        quantity: What to draw.
        text: What the figure is called.
        names: Which conditions, in which order; all of them when absent.
    """
    values = values_by_condition(results, quantity)
    shown = [name for name in names or results.experiment.names if name in set(values["condition"])]
    values = values[values["condition"].isin(shown)]
    means = means_over_seeds(values)
    title = f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"
    y = alt.Y("condition:N").title(None).sort(shown).axis(domain=False, ticks=False)
    colour = alt.Color("condition:N", scale=arm_scale(shown)).legend(None)
    number = f".{quantity.digits}f"
    layers: list[alt.Chart] = []
    spread = means.dropna(subset=["low"])
    if len(spread):
        layers.append(
            alt.Chart(spread)
            .mark_rule(strokeWidth=2.5)
            .encode(alt.X("low:Q").scale(zero=False), alt.X2("high:Q"), y, colour)
        )
    layers += [
        alt.Chart(values)
        .mark_point(yOffset=11, size=36, filled=True, opacity=0.8)
        .encode(
            alt.X("value:Q").title(in_lines(title)).scale(zero=False),
            y,
            colour,
            tooltip=["condition", "seed", alt.Tooltip("value:Q", format=number)],
        ),
        alt.Chart(means)
        .mark_point(size=110, strokeWidth=3.5, opacity=1, shape="M0,-1.6V1.6")
        .encode(alt.X("mean:Q"), y, colour, tooltip=["condition", "n", *tooltips(number)]),
        alt.Chart(means)
        .mark_text(dy=-17)
        .encode(alt.X("mean:Q"), y, text=alt.Text("mean:Q", format=number)),
    ]
    chart = alt.layer(*layers).properties(width=640, height=_ROW * max(len(shown), 1))
    told = "; ".join(
        f"{row['condition']} {row['mean']:{number}} (n = {row['n']})"
        for row in means.to_dict("records")
    )
    return figure_of_means(
        results, text, quantity.value_unit, means, f"{quantity.noun} by condition: {told}.", chart
    )


def figure_of_means(
    results: Results,
    text: FigureText,
    unit: str,
    means: pd.DataFrame,
    description: str,
    chart: AltairChart,
) -> Figure:
    """Put the text around a chart of means over seeds.

    Args:
        results: Of the experiment.
        text: What the figure is called.
        unit: Of the means.
        means: From `means_over_seeds`.
        description: The chart in text.
        chart: The drawing.
    """
    return Figure(
        name=f"{results.experiment.name}-{text.name}",
        title=text.title,
        subtitle=with_remark(
            f"{unit}, mean of {how_many_seeds(means['n'])}, 95 % interval",
            data_remark(results.data),
        ),
        caption=(
            f"{text.reading + ' ' if text.reading else ''}Small dots are single runs; the"
            " interval (Student’s t) is that of the mean over seeds."
        ),
        description=description,
        drawing=chart,
    )
