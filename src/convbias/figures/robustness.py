"""The accuracy of one network along the amount by which its images are changed."""

from __future__ import annotations

import altair as alt
import pandas as pd

from convbias.figures.arms import with_remark
from convbias.figures.base import Figure
from convbias.figures.conditions import Words
from convbias.figures.theme import arm_colours

_WIDTH, _HEIGHT = 520, 260  # pixels


def accuracy_along(
    arm: str, table: pd.DataFrame, along: str, words: Words, remark: str | None
) -> Figure:
    """Draw a network's accuracy against the amount of a change, with intervals.

    Args:
        arm: Name of the network's arm.
        table: Columns amount (ascending, from 0), accuracy, low and high, all three in %.
        along: What the amount is, with its unit.
        words: What the figure is called, and what is seen in it.
        remark: What must be known about the data.

    Returns:
        The figure.
    """
    colour = arm_colours([arm])[arm]
    amounts = table["amount"].tolist()
    x = (
        alt.X("amount:Q")
        .title(along)
        .scale(nice=False, padding=14)
        .axis(values=amounts, grid=False)
    )
    y = alt.Y("accuracy:Q").title("Test accuracy (%)").scale(zero=False)
    tooltip = [
        alt.Tooltip("amount:Q", title=along),
        *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("accuracy", "low", "high")),
    ]
    chart = alt.Chart(table)
    layers = [
        chart.mark_rule(strokeWidth=2, color=colour, opacity=0.6).encode(
            x, alt.Y("low:Q").scale(zero=False), alt.Y2("high:Q")
        ),
        chart.mark_line(strokeWidth=2, color=colour).encode(x, y),
        chart.mark_point(filled=True, size=60, opacity=1, color=colour).encode(
            x, y, tooltip=tooltip
        ),
    ]
    points = "; ".join(
        f"{row['amount']:g}: {row['accuracy']:.2f}" for row in table.to_dict("records")
    )
    return Figure(
        name=words.name,
        title=words.title,
        subtitle=with_remark("% of the test images, 95 % intervals", remark),
        caption=words.reading,
        description=f"Test accuracy in percent by {along.lower()}. {points}.",
        drawing=alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT),
    )
