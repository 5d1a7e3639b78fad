"""A quantity against a number or named steps, with one line per condition or series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Literal

import altair as alt
import pandas as pd

from convbias.figures.conditions import (
    FigureText,
    axis_title,
    figure_of_means,
    means_over_seeds,
    tooltips,
    values_by_condition,
)
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_colours
from convbias.findings.results import Results
from convbias.spec.quantities import Quantity

# In addition to colours, for print and for colour-blind readers.
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


@dataclass(frozen=True)
class LinePosition:
    """The position of a condition on a line.

    Args:
        series: name of the line.
        x: horizontal position.
        also: further lines that have the condition at the same position.
    """

    series: str
    x: float
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Axes:
    """The axes of a line chart.

    Args:
        along: title of the horizontal axis, with its unit.
        steps: positions on the horizontal axis, in order; numbers for the scale "log".
        upwards: title of the vertical axis, with its unit.
        unit: unit of the vertical axis.
        digits: digits after the decimal point.
        scale: "log" for a logarithmic horizontal axis, "steps" for equal distances.
    """

    along: str
    steps: Sequence[str] | Sequence[float]
    upwards: str
    unit: str
    digits: int
    scale: Literal["steps", "log"] = "steps"


def curves(results: Results, table: pd.DataFrame, text: FigureText, axes: Axes) -> Figure:
    """Draw a line through the means of each condition, with intervals.

    Args:
        results: results of the experiment that the values belong to.
        table: columns condition (or another name for a line), step (one of the axes'), seed and
            value; at least one row.
        text: the figure's name, title and caption.
        axes: the axes.
    """
    means = means_over_seeds(table, ("condition", "step"))
    found = dict.fromkeys(means["condition"])
    names = results.experiment.names
    everything = dict.fromkeys(found if found.keys().isdisjoint(names) else (*names, *found))
    shown = [name for name in everything if name in found]
    number = f".{axes.digits}f"
    x = _along(axes)
    y = alt.Y("mean:Q").title(axes.upwards).scale(zero=False)
    legend = alt.Legend(title=None, columns=alt.ExprRef("width < 420 ? 1 : 3"), symbolOpacity=1)
    # Chosen among all conditions, so that all figures of an experiment use the same ones.
    colours = arm_colours(everything)
    shapes = dict(zip(everything, cycle(_SHAPES), strict=False))
    colour = (
        alt.Color("condition:N")
        .scale(domain=shown, range=[colours[name] for name in shown])
        .legend(legend)
    )
    shape = (
        alt.Shape("condition:N")
        .scale(domain=shown, range=[shapes[name] for name in shown])
        .legend(legend)
    )
    tooltip = [
        "condition",
        alt.Tooltip("step", title=axes.along),
        *tooltips(number),
        "n",
    ]
    layers = []
    spread = means.dropna(subset=["low"])
    if len(spread):
        ends = (alt.Y("low:Q").scale(zero=False), alt.Y2("high:Q"))
        layers.append(
            alt.Chart(spread).mark_rule(strokeWidth=2, opacity=0.6).encode(x, *ends, colour)
        )
    layers += [
        alt.Chart(means).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(table)
        .mark_point(filled=True, shape="circle", size=14, opacity=0.5)
        .encode(x, alt.Y("value:Q"), colour, tooltip=["condition", "seed", "value"]),
        alt.Chart(means)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(x, y, colour, shape, tooltip=tooltip),
    ]
    return figure_of_means(
        results,
        text,
        axes.unit,
        means,
        f"{axes.upwards} by {axes.along.lower()}. {_told(means, shown, number)}.",
        alt.layer(*layers).properties(width=640, height=360),
    )


def lines_of_conditions(
    results: Results,
    quantity: Quantity,
    text: FigureText,
    places: Mapping[str, LinePosition],
    along: str,
    scale: Literal["steps", "log"],
) -> Figure:
    """Draw lines through the means of conditions that differ in a number.

    Args:
        results: results of an experiment.
        quantity: quantity on the vertical axis.
        text: the figure's name, title and caption.
        places: condition to its position; conditions without one are omitted.
        along: title of the horizontal axis, with its unit.
        scale: scale of the horizontal axis.
    """
    rows = [
        {"condition": name, "series": series, "step": place.x}
        for name, place in places.items()
        for series in (place.series, *place.also)
    ]
    values = values_by_condition(results, quantity).merge(pd.DataFrame(rows), on="condition")
    table = values.drop(columns="condition").rename(columns={"series": "condition"})
    axes = Axes(
        along=along,
        steps=sorted({place.x for place in places.values()}),
        upwards=axis_title(quantity),
        unit=quantity.value_unit,
        digits=quantity.digits,
        scale=scale,
    )
    return curves(results, table, text, axes)


def _along(axes: Axes) -> alt.X:
    steps: list[Any] = list(axes.steps)
    if axes.scale == "log":
        scale = alt.Scale(type="log", nice=False, padding=18)
        axis = alt.Axis(values=steps, format=",", grid=False, labelOverlap="greedy")
        return alt.X("step:Q").title(axes.along).scale(scale).axis(axis)
    return (
        alt.X("step:N")
        .title(axes.along)
        .sort(steps)
        .scale(domain=steps)
        .axis(labelAngle=0, labelOverlap=False, labelExpr="split(datum.label, ' ')")
    )


def _told(means: pd.DataFrame, shown: Sequence[str], number: str) -> str:
    told = []
    for name in shown:
        of_condition = means[means["condition"] == name].to_dict("records")
        points = ", ".join(f"{row['step']}: {row['mean']:{number}}" for row in of_condition)
        told.append(f"{name}: {points}")
    return "; ".join(told)
