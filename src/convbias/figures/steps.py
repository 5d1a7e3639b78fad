"""Ladders of models: how accurate each rung is, and which step closes how much of the gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.conditions import means_over_seeds, values_by_condition
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.results import Results
from convbias.spec.quantities import Quantity
from convbias.statistics import Share

_ROW = 42  # pixels per ladder in a row


def accuracy_by_step(
    results: Results, quantity: Quantity, ladders: Mapping[str, Sequence[str]]
) -> Figure:
    """Draw every rung as a row, with one mean per ladder, from the bottom of the ladders down.

    Args:
        results: Of an experiment; at least one condition of the ladders has a finished run.
        quantity: What to draw.
        ladders: Name to conditions, from the bottom to the top, equally many in each. Rows are
            called by the conditions of the first.
    """
    rows = next(iter(ladders.values()))
    places = pd.DataFrame(
        [
            {"ladder": ladder, "condition": condition, "rung": row}
            for ladder, conditions in ladders.items()
            for row, condition in zip(rows, conditions, strict=True)
        ]
    )
    values = values_by_condition(results, quantity)
    means = means_over_seeds(values).merge(places, on="condition")
    values = values.merge(places, on="condition")
    y, offset, colour = _rows("rung", rows, list(ladders))
    title = f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"
    number = f".{quantity.digits}f"
    tooltips = [alt.Tooltip(f"{name}:Q", format=number) for name in ("mean", "low", "high")]
    layers = _intervals(means, y, offset, colour)
    layers += [
        alt.Chart(values)
        .mark_point(yOffset=9, size=28, filled=True, opacity=0.7)
        .encode(
            alt.X("value:Q").title(in_lines(title)).scale(zero=False),
            y,
            offset,
            colour,
            tooltip=["condition", "seed", alt.Tooltip("value:Q", format=number)],
        ),
        alt.Chart(means)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(alt.X("mean:Q"), y, offset, colour, tooltip=["condition", "n", *tooltips]),
        alt.Chart(means)
        .mark_text(dy=-12)
        .encode(alt.X("mean:Q"), y, offset, text=alt.Text("mean:Q", format=number)),
    ]
    told = "; ".join(
        f"{row['condition']} {row['mean']:{number}} (n = {row['n']})"
        for row in means.drop_duplicates("condition").to_dict("records")
    )
    return Figure(
        name=f"{results.experiment.name}-{quantity.name.removeprefix('test_')}",
        title=f"{quantity.noun[0].upper()}{quantity.noun[1:]} from step to step",
        subtitle=with_remark(
            f"{quantity.value_unit}, mean over seeds, 95 % interval", data_remark(results.data)
        ),
        caption=(
            "From row to row one liberty is taken from the weights: first they see a neighbourhood"
            " only, then all places share one kernel, then all places are averaged. The first row"
            " is the same network in both colours. Small dots are single runs; the interval"
            f" (Student’s t) is that of the mean over seeds. Means: {told}."
        ),
        description=f"{quantity.noun} by rung and ladder: {told}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(ladders) * len(rows)),
    )


def gap_shares_by_step(
    results: Results, steps: Sequence[str], shares: Mapping[str, Sequence[Share]]
) -> Figure:
    """Draw which part of the gap every step closes.

    Args:
        results: Of an experiment.
        steps: What the steps are called.
        shares: Name of a ladder to its steps' shares, all with intervals.
    """
    table = pd.DataFrame(
        [
            {
                "ladder": ladder,
                "step": step,
                "mean": 100 * share.share,
                "low": 100 * share.interval.low,
                "high": 100 * share.interval.high,
                "label": f"{100 * share.share:z.0f} %",
                "seeds": share.gap.n,
            }
            for ladder, of_steps in shares.items()
            for step, share in zip(steps, of_steps, strict=True)
            if share.share is not None and share.interval is not None
        ]
    )
    y, offset, colour = _rows("step", steps, list(shares))
    axis = alt.X("mean:Q").title("Share of the gap (%)")
    tooltips = [alt.Tooltip(f"{name}:Q", format=".0f") for name in ("mean", "low", "high")]
    zero = alt.Chart(pd.DataFrame([{"zero": 0.0}]))
    layers = [
        zero.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(alt.X("zero:Q")),
        *_intervals(table, y, offset, colour),
        alt.Chart(table)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(axis, y, offset, colour, tooltip=["ladder", "step", "seeds", *tooltips]),
        alt.Chart(table).mark_text(dy=-12).encode(alt.X("mean:Q"), y, offset, text="label:N"),
    ]
    told = "; ".join(
        f"{ladder}: "
        + ", ".join(f"{row['step']} {row['label']}" for row in rows.to_dict("records"))
        for ladder, rows in table.groupby("ladder", sort=False)
    )
    return Figure(
        name=f"{results.experiment.name}-shares",
        title="Which step closes how much of the gap",
        subtitle=with_remark("% of the gap, 95 % interval", data_remark(results.data)),
        caption=(
            "The gap is the test accuracy of the last rung minus that of the first; the shares of"
            " one colour add up to 100 %. Left of the dashed line a step goes against the gap. The"
            " interval (Fieller’s, of a ratio of means) is over seeds, each share’s own."
            f" {told}."
        ),
        description=f"Shares of the accuracy gap: {told}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(shares) * len(steps)),
    )


def _rows(
    field: str, rows: Sequence[str], ladders: list[str]
) -> tuple[alt.Y, alt.YOffset, alt.Color]:
    """Rows in order; within each, one line per ladder."""
    colour = (
        alt.Color("ladder:N")
        .scale(arm_scale(ladders))
        .legend(title=None, columns=1, symbolType="circle", symbolOpacity=1)
    )
    return (
        alt.Y(f"{field}:N").title(None).sort(list(rows)).axis(domain=False, ticks=False),
        alt.YOffset("ladder:N").sort(ladders),
        colour,
    )


def _intervals(
    table: pd.DataFrame, y: alt.Y, offset: alt.YOffset, colour: alt.Color
) -> list[alt.Chart]:
    spread = table.dropna(subset=["low"])
    if spread.empty:
        return []
    return [
        alt.Chart(spread)
        .mark_rule(strokeWidth=2.5)
        .encode(alt.X("low:Q").scale(zero=False), alt.X2("high:Q"), y, offset, colour)
    ]
