"""Charts of one network: calibration, and accuracy on changed images."""

from __future__ import annotations

import altair as alt
import pandas as pd

from convbias.figures.arms import with_remark
from convbias.figures.conditions import FigureText
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_colours

_SIDE = 430  # pixels
_WIDTH, _HEIGHT = 520, 260  # pixels


def reliability_diagram(arm: str, bins: pd.DataFrame, found: str, remark: str | None) -> Figure:
    """Draw a reliability diagram: accuracy and number of predictions by bin of confidence.

    Args:
        arm: name of the network's arm.
        bins: columns low and high (the bin's edges), images, confidence (their mean), accuracy,
            accuracy_low and accuracy_high (its interval), all but images in %; one row per
            non-empty bin.
        found: start of the caption: what the diagram shows, in sentences.
        remark: remark about the data.

    Returns:
        The figure.
    """
    table = bins.assign(share=100 * bins["images"] / bins["images"].sum())
    colour = arm_colours([arm])[arm]
    percent = alt.Scale(domain=[0, 100], nice=False)
    x = alt.X("confidence:Q").title("Confidence, mean of the bin (%)").scale(percent)
    y = alt.Y("accuracy:Q").title("Accuracy (%)").scale(percent)
    tooltip = [
        alt.Tooltip("images:Q", format=","),
        *(
            alt.Tooltip(f"{field}:Q", title=title, format=".2f")
            for field, title in (
                ("confidence", "mean confidence (%)"),
                ("accuracy", "accuracy (%)"),
                ("accuracy_low", "interval from"),
                ("accuracy_high", "to"),
            )
        ),
    ]
    diagonal = alt.Chart(pd.DataFrame({"from": [0], "to": [100]})).encode(
        alt.X("from:Q").scale(percent),
        alt.Y("from:Q").scale(percent),
        alt.X2("to:Q"),
        alt.Y2("to:Q"),
    )
    chart = alt.Chart(table)
    layers = [
        chart.mark_rect(style="zone").encode(
            alt.X("low:Q").scale(percent), alt.X2("high:Q"), alt.Y("share:Q"), alt.Y2(datum=0)
        ),
        diagonal.mark_rule(strokeDash=[5, 4], strokeWidth=1.2),
        chart.mark_rule(strokeWidth=2, color=colour, opacity=0.6).encode(
            x, alt.Y("accuracy_low:Q"), alt.Y2("accuracy_high:Q")
        ),
        chart.mark_line(strokeWidth=2, color=colour).encode(x, y),
        chart.mark_point(filled=True, size=60, opacity=1, color=colour).encode(
            x, y, tooltip=tooltip
        ),
    ]
    return Figure(
        name="reliability",
        title=f"Reliability diagram of {arm}",
        subtitle=with_remark("accuracy by bin of confidence, 95 % intervals", remark),
        caption=(
            f"{found} On the dashed line the network is perfectly calibrated: predictions with a"
            " confidence of 70 % are correct in 70 % of the cases; below the line it is"
            " overconfident, above it underconfident. Grey bars: share of the test images in each"
            " bin."
        ),
        description=f"Accuracy against confidence in percent. {found}",
        drawing=alt.layer(*layers).properties(width=_SIDE, height=_SIDE),
    )


def accuracy_along(
    arm: str, table: pd.DataFrame, along: str, text: FigureText, remark: str | None
) -> Figure:
    """Draw a network's accuracy against the amount of a change, with intervals.

    Args:
        arm: name of the network's arm.
        table: columns amount (ascending, from 0), and accuracy, low and high in %.
        along: title of the horizontal axis: the amount with its unit.
        text: the figure's name, title and caption.
        remark: remark about the data.

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
        name=text.name,
        title=text.title,
        subtitle=with_remark("% of the test images, 95 % intervals", remark),
        caption=text.reading,
        description=f"Test accuracy in percent by {along.lower()}. {points}.",
        drawing=alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT),
    )
