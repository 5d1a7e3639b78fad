"""One quantity along a number or along named steps, a line per condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.base import Figure
from convbias.figures.conditions import Words, means_over_seeds
from convbias.figures.theme import arm_colours
from convbias.results import Results
from convbias.wording import how_many_seeds

# Beside the colours, for prints without them and for those who do not tell them apart.
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


@dataclass(frozen=True)
class Axes:
    """What is drawn along and upwards.

    Args:
        along: Title of the horizontal axis, with its unit where it has one.
        steps: The places along it, in order.
        upwards: Title of the vertical axis, with its unit.
        unit: The unit alone.
        digits: After the decimal point.
    """

    along: str
    steps: Sequence[str]
    upwards: str
    unit: str
    digits: int


def curves(results: Results, table: pd.DataFrame, words: Words, axes: Axes) -> Figure:
    """Draw a line through each condition's means, with their intervals.

    Args:
        results: Of the experiment that the numbers come from.
        table: Columns condition (or whatever else has a line of its own), step (one of the axes'),
            seed and value; at least one row.
        words: What the figure is called, and what is seen in it.
        axes: What is drawn along and upwards.
    """
    means = means_over_seeds(table, ("condition", "step"))
    found = dict.fromkeys(means["condition"])
    everything = dict.fromkeys((*results.experiment.names, *found))
    shown = [name for name in everything if name in found]
    number = f".{axes.digits}f"
    x = (
        alt.X("step:N")
        .title(axes.along)
        .sort(list(axes.steps))
        .scale(domain=list(axes.steps))
        .axis(labelAngle=0, labelOverlap=False, labelExpr="split(datum.label, ' ')")
    )
    y = alt.Y("mean:Q").title(axes.upwards).scale(zero=False)
    legend = alt.Legend(title=None, columns=alt.ExprRef("width < 420 ? 2 : 3"), symbolOpacity=1)
    # By the place among all conditions, so that every figure of the experiment has the same.
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
        alt.Tooltip("step:N", title=axes.along),
        *(alt.Tooltip(f"{name}:Q", format=number) for name in ("mean", "low", "high")),
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
        alt.Chart(means)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(x, y, colour, shape, tooltip=tooltip),
    ]
    return Figure(
        name=f"{results.experiment.name}-{words.name}",
        title=words.title,
        subtitle=with_remark(
            f"{axes.unit}, mean of {how_many_seeds(means['n'])}, 95 % interval",
            data_remark(results.data),
        ),
        caption=(
            f"{words.reading} Points are means over seeds, vertical lines their intervals"
            " (Student’s t)."
        ),
        description=f"{axes.upwards} by {axes.along.lower()}. {_told(means, shown, number)}.",
        drawing=alt.layer(*layers).properties(width=640, height=360),
    )


def _told(means: pd.DataFrame, shown: Sequence[str], number: str) -> str:
    told = []
    for name in shown:
        of_condition = means[means["condition"] == name].to_dict("records")
        points = ", ".join(f"{row['step']}: {row['mean']:{number}}" for row in of_condition)
        told.append(f"{name}: {points}")
    return "; ".join(told)
