"""Values of networks compared with chance level."""

from __future__ import annotations

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.conditions import FigureText
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.results import Results
from convbias.statistics import summarise

_ROW = 46  # pixels


def beside_chance(results: Results, table: pd.DataFrame, text: FigureText, unit: str) -> Figure:
    """Draw values of single networks and their mean, with the range expected by chance.

    Args:
        results: results of the experiment that the values belong to.
        table: columns row (in drawing order), condition, seed, value, and per network expected and
            error: the value expected by chance and its standard error; at least one row.
        text: the figure's name, title and caption.
        unit: title of the axis, with its unit.
    """
    shown = list(dict.fromkeys(table["row"]))
    means, told = [], []
    for row, values in table.groupby("row", sort=False):
        summary = summarise(values["value"])
        low, high = summary.interval.ends if summary.interval else (None, None)
        expected, error = values["expected"].iloc[0], values["error"].iloc[0]
        means.append(
            {
                "row": row,
                "condition": values["condition"].iloc[0],
                "mean": summary.mean,
                "low": low,
                "high": high,
                "n": summary.n,
                "chance": expected,
                "chance_low": expected - 2 * error,
                "chance_high": expected + 2 * error,
            }
        )
        told.append(f"{row} {summary.mean:.1f} (chance {expected:.1f}, n = {summary.n})")
    summaries = pd.DataFrame(means)
    y = alt.Y("row:N").title(None).sort(shown).axis(domain=False, ticks=False)
    colours = arm_scale(dict.fromkeys(table["condition"]))
    colour = alt.Color("condition:N", scale=colours).legend(None)
    chart = alt.Chart(summaries)
    tooltip = ["row", "n", *(alt.Tooltip(f"{name}:Q", format=".1f") for name in _NUMBERS)]
    layers = [
        chart.mark_rule(strokeWidth=26, opacity=0.18).encode(
            alt.X("chance_low:Q").title(in_lines(unit)), alt.X2("chance_high:Q"), y, tooltip=tooltip
        ),
        chart.mark_point(size=420, strokeWidth=1.5, opacity=1, shape="M0,-1V1").encode(
            alt.X("chance:Q"), y, tooltip=tooltip
        ),
        alt.Chart(table)
        .mark_point(filled=True, size=36, opacity=0.8)
        .encode(
            alt.X("value:Q"), y, colour, tooltip=["row", "seed", alt.Tooltip("value", format=".1f")]
        ),
    ]
    spread = summaries.dropna(subset=["low"])
    if len(spread):
        layers.append(
            alt.Chart(spread)
            .mark_rule(strokeWidth=2.5, yOffset=-7)
            .encode(alt.X("low:Q"), alt.X2("high:Q"), y, colour)
        )
    layers.append(
        chart.mark_text(dy=-15).encode(
            alt.X("mean:Q"), y, text=alt.Text("mean:Q", format=".1f"), tooltip=tooltip
        )
    )
    return Figure(
        name=f"{results.experiment.name}-{text.name}",
        title=text.title,
        subtitle=with_remark("mean, 95 % interval and chance", data_remark(results.data)),
        caption=(
            f"{text.reading} Dots: single networks. Number: their mean, with its 95 % confidence"
            " interval (Student’s t). Vertical line: mean of random filters; shaded: ± two standard"
            " errors of one network’s mean."
        ),
        description=f"{unit}: {'; '.join(told)}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(shown)),
    )


_NUMBERS = ("mean", "low", "high", "chance", "chance_low", "chance_high")
