"""Accuracy against the strength of several corruptions, side by side in one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import altair as alt
import pandas as pd

from convbias.figures.conditions import FigureText, figure_of_means, means_over_seeds, tooltips
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_colours
from convbias.findings.results import Results

# In addition to colours, for print and for colour-blind readers.
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def accuracy_by_strength(
    results: Results,
    table: pd.DataFrame,
    text: FigureText,
    kinds: Mapping[str, Sequence[str]],
) -> Figure:
    """Draw a line per condition through the strengths of every kind of corruption.

    Args:
        results: results of the experiment that the values belong to.
        table: columns condition, kind, strength (one of its kind's), seed and value (percent); at
            least one row.
        text: the figure's name, title and caption.
        kinds: kind of corruption to its strengths, ascending, as text.
    """
    level = {(kind, each): rank for kind, of in kinds.items() for rank, each in enumerate(of)}
    ranked = table.assign(
        level=[level[key] for key in zip(table["kind"], table["strength"], strict=True)]
    )
    means = means_over_seeds(ranked, ("condition", "kind", "level", "strength"))
    names = results.experiment.names
    shown = [name for name in names if name in set(means["condition"])]
    colours = arm_colours(names)
    shapes = dict(zip(names, cycle(_SHAPES), strict=False))
    legend = alt.Legend(title=None, columns=alt.ExprRef("width < 420 ? 2 : 3"), symbolOpacity=1)
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
    x = (
        alt.X("kind:N")
        .title("From no corruption to the strongest")
        .sort(list(kinds))
        .scale(paddingInner=0.16, paddingOuter=0.08)
        .axis(labelAngle=0, ticks=False, grid=False, labelExpr="split(datum.label, ' ')")
    )
    offset = alt.XOffset("level:O").scale(paddingOuter=0)
    y = alt.Y("mean:Q").title("Accuracy (%)").scale(zero=False)
    tooltip = ["condition", "kind", "strength", *tooltips(".1f"), "n"]
    layers = []
    spread = means.dropna(subset=["low"])
    if len(spread):
        ends = (alt.Y("low:Q").scale(zero=False), alt.Y2("high:Q"))
        layers.append(
            alt.Chart(spread).mark_rule(strokeWidth=2, opacity=0.6).encode(x, offset, *ends, colour)
        )
    layers += [
        alt.Chart(means).mark_line(strokeWidth=2).encode(x, offset, y, colour, detail="kind:N"),
        alt.Chart(ranked)
        .mark_point(filled=True, shape="circle", size=12, opacity=0.5)
        .encode(
            x, offset, alt.Y("value:Q"), colour, tooltip=["condition", "strength", "seed", "value"]
        ),
        alt.Chart(means)
        .mark_point(filled=True, size=44, opacity=1)
        .encode(x, offset, y, colour, shape, tooltip=tooltip),
    ]
    return figure_of_means(
        results,
        text,
        "%",
        means,
        f"Accuracy in percent by strength of the corruption. {_told(means, shown)}.",
        alt.layer(*layers).properties(width=640, height=360),
    )


def _told(means: pd.DataFrame, shown: Sequence[str]) -> str:
    told = []
    for name in shown:
        of_condition = means[means["condition"] == name]
        parts = [
            f"{kind} "
            + ", ".join(f"{row['strength']}: {row['mean']:.1f}" for row in rows.to_dict("records"))
            for kind, rows in of_condition.groupby("kind", sort=False)
        ]
        told.append(f"{name}: {'; '.join(parts)}")
    return ". ".join(told)
