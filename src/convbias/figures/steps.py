"""Sequences of models that differ in one constraint per step, and what each step contributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.conditions import (
    axis_title,
    interval_lines,
    means_over_seeds,
    means_text,
    tooltips,
    values_by_condition,
)
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.results import Results
from convbias.spec.quantities import Quantity
from convbias.statistics import Share

_ROW = 42  # pixels per sequence in a row


def accuracy_by_step(
    results: Results, quantity: Quantity, sequences: Mapping[str, Sequence[str]]
) -> Figure:
    """Draw one row per model of the sequences, with one mean per sequence.

    Args:
        results: results of an experiment; at least one of the conditions has a finished run.
        quantity: the quantity to draw.
        sequences: name to conditions in order, equally many in each. Rows are named after the
            conditions of the first sequence.
    """
    rows = next(iter(sequences.values()))
    places = pd.DataFrame(
        [
            {"sequence": sequence, "condition": condition, "model": row}
            for sequence, conditions in sequences.items()
            for row, condition in zip(rows, conditions, strict=True)
        ]
    )
    values = values_by_condition(results, quantity)
    means = means_over_seeds(values).merge(places, on="condition")
    values = values.merge(places, on="condition")
    y, offset, colour = _rows("model", rows, list(sequences))
    number = f".{quantity.digits}f"
    layers = [
        *interval_lines(means, y, offset, colour),
        alt.Chart(values)
        .mark_point(yOffset=9, size=28, filled=True, opacity=0.7)
        .encode(
            alt.X("value:Q").title(in_lines(axis_title(quantity))).scale(zero=False),
            y,
            offset,
            colour,
            tooltip=["condition", "seed", alt.Tooltip("value:Q", format=number)],
        ),
        alt.Chart(means)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(alt.X("mean:Q"), y, offset, colour, tooltip=["condition", "n", *tooltips(number)]),
        alt.Chart(means)
        .mark_text(dy=-12)
        .encode(alt.X("mean:Q"), y, offset, text=alt.Text("mean:Q", format=number)),
    ]
    told = means_text(means.drop_duplicates("condition"), number)
    return Figure(
        name=f"{results.experiment.name}-{quantity.name.removeprefix('test_')}",
        title=f"{quantity.noun[0].upper()}{quantity.noun[1:]} by step",
        subtitle=with_remark(
            f"{quantity.value_unit}, mean over seeds, 95 % interval", data_remark(results.data)
        ),
        caption=(
            "Each row adds one constraint: first local connections only, then one kernel shared by"
            " all positions, then averaging over all positions. The first row is the same network"
            " in both colours. Small dots: single runs. Line: 95 % confidence interval of the mean"
            f" over seeds (Student’s t). Means: {told}."
        ),
        description=f"{quantity.noun} by model and sequence: {told}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(sequences) * len(rows)),
    )


def gap_shares_by_step(
    results: Results, steps: Sequence[str], shares: Mapping[str, Sequence[Share]]
) -> Figure:
    """Draw the share of the accuracy gap that each step accounts for.

    Args:
        results: results of an experiment.
        steps: names of the steps.
        shares: name of a sequence to the shares of its steps, all with intervals.
    """
    table = pd.DataFrame(
        [
            {
                "sequence": sequence,
                "step": step,
                "mean": 100 * share.share,
                "low": 100 * share.interval.low,
                "high": 100 * share.interval.high,
                "label": f"{100 * share.share:z.0f} %",
                "seeds": share.gap.n,
            }
            for sequence, of_steps in shares.items()
            for step, share in zip(steps, of_steps, strict=True)
            if share.share is not None and share.interval is not None
        ]
    )
    y, offset, colour = _rows("step", steps, list(shares))
    axis = alt.X("mean:Q").title("Share of the gap (%)")
    zero = alt.Chart(pd.DataFrame([{"zero": 0.0}]))
    layers = [
        zero.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(alt.X("zero:Q")),
        *interval_lines(table, y, offset, colour),
        alt.Chart(table)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(axis, y, offset, colour, tooltip=["sequence", "step", "seeds", *tooltips(".0f")]),
        alt.Chart(table).mark_text(dy=-12).encode(alt.X("mean:Q"), y, offset, text="label:N"),
    ]
    told = "; ".join(
        f"{sequence}: "
        + ", ".join(f"{row['step']} {row['label']}" for row in rows.to_dict("records"))
        for sequence, rows in table.groupby("sequence", sort=False)
    )
    return Figure(
        name=f"{results.experiment.name}-shares",
        title="Share of the accuracy gap by step",
        subtitle=with_remark("% of the gap, 95 % interval", data_remark(results.data)),
        caption=(
            "Gap: test accuracy of the last model minus that of the first; the shares of one colour"
            " sum to 100 %. Left of the dashed line a step changes accuracy in the opposite"
            " direction. Intervals over seeds are Fieller’s for a ratio of means, not corrected for"
            " multiple comparisons."
            f" {told}."
        ),
        description=f"Shares of the accuracy gap: {told}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(shares) * len(steps)),
    )


def _rows(
    field: str, rows: Sequence[str], sequences: list[str]
) -> tuple[alt.Y, alt.YOffset, alt.Color]:
    """Rows in order; within each, one line per sequence."""
    colour = (
        alt.Color("sequence:N")
        .scale(arm_scale(sequences))
        .legend(title=None, columns=1, symbolType="circle", symbolOpacity=1)
    )
    return (
        alt.Y(f"{field}:N").title(None).sort(list(rows)).axis(domain=False, ticks=False),
        alt.YOffset("sequence:N").sort(sequences),
        colour,
    )
