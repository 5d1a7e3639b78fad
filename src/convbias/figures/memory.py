"""What is left of the error of guessing, against a lag; one colour per network."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from convbias.figures.conditions import FigureText, figure_of_means, means_over_seeds, tooltips
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.results import Results

GUESSING = 100  # percent


def error_by_lag(
    results: Results,
    table: pd.DataFrame,
    text: FigureText,
    x: str,
    networks: Sequence[str],
    edge: float | None = None,
) -> Figure:
    """Draw errors against lags on a logarithmic axis, with a line where nothing is remembered.

    Args:
        results: Results of the experiment that the values belong to.
        table: Columns network, task, lag, seed and value (percent of the error of guessing); at
            least one row.
        text: The figure's name, title and caption.
        x: Title of the axis of lags.
        networks: Their order.
        edge: A lag at which to draw a vertical line.
    """
    means = means_over_seeds(table, ("network", "task", "lag"))
    shown = [name for name in networks if name in set(means["network"])]
    legend = alt.Legend(title=None, columns=alt.ExprRef("width < 420 ? 1 : 2"), symbolOpacity=1)
    colour = alt.Color("network:N", scale=arm_scale(shown)).legend(legend)
    shape = alt.Shape("task:N").scale(range=["circle", "triangle-up"]).legend(legend)
    lag = alt.X("lag:Q").scale(type="log").title(in_lines(x)).axis(grid=False)
    error = alt.Y("mean:Q").title("Error (% of guessing)").scale(domainMin=0)
    layers: list[alt.Chart] = [
        alt.Chart(pd.DataFrame({"y": [GUESSING]}))
        .mark_rule(strokeDash=[6, 4])
        .encode(alt.Y("y:Q")),
        alt.Chart(means)
        .mark_line(strokeWidth=1.5, opacity=0.6)
        .encode(lag, error, colour, detail="task:N"),
        alt.Chart(table)
        .mark_point(filled=True, shape="circle", size=12, opacity=0.5)
        .encode(lag, alt.Y("value:Q"), colour, tooltip=["network", "task", "lag", "seed", "value"]),
        alt.Chart(means)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            lag,
            error,
            colour,
            shape,
            tooltip=["network", "task", alt.Tooltip("lag:Q", format=".3g"), *tooltips(".1f"), "n"],
        ),
    ]
    spread = means.dropna(subset=["low"])
    if len(spread):
        ends = (alt.Y("low:Q"), alt.Y2("high:Q"))
        layers.append(
            alt.Chart(spread).mark_rule(clip=True, strokeWidth=2.5).encode(lag, *ends, colour)
        )
    if edge is not None:
        layers.insert(
            0, alt.Chart(pd.DataFrame({"x": [edge]})).mark_rule(strokeDash=[2, 3]).encode(x="x:Q")
        )
    told = "; ".join(
        f"{row['network']}, {row['task']}, {row['lag']:.3g}: {row['mean']:.1f}"
        for row in means.to_dict("records")
    )
    return figure_of_means(
        results,
        text,
        "% of the error of guessing",
        means,
        f"Error in percent of that of guessing, by network, task and lag. {told}.",
        alt.layer(*layers).properties(width=640, height=360),
    )
