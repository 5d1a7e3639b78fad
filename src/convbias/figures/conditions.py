"""A quantity by condition: single runs, means and intervals, one row per condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

# A number at the right edge of a narrow chart would be cut off if it were centred there.
_INSIDE = "scale('x', datum['mean']) > width - 20 ? 'right' : 'center'"
_ROW = 46  # pixels per condition


@dataclass(frozen=True)
class FigureText:
    """Name, title and caption of a figure.

    Args:
        name: name of its files, without the experiment's name.
        title: what is shown, in a few words.
        reading: start of the caption: what this figure shows, in sentences.
    """

    name: str
    title: str
    reading: str = ""


def values_by_condition(results: Results, quantity: Quantity) -> pd.DataFrame:
    """A quantity of every finished run, in its display unit.

    Args:
        results: results of an experiment.
        quantity: the quantity.

    Returns:
        Columns condition, seed and value, in the experiment's order of conditions.
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
        values: columns condition, seed and value, and those of `by`.
        by: columns to group by.

    Returns:
        The columns of `by`, mean, low and high (missing for a single seed), and n.
    """
    rows = []
    for names, of_condition in values.groupby(list(by), sort=False)["value"]:
        summary = summarise(of_condition)
        low, high = summary.interval.ends if summary.interval else (None, None)
        rows.append((*names, summary.mean, low, high, summary.n))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "n"])


def tooltips(number: str) -> list[alt.Tooltip]:
    """Tooltips of a mean with its interval.

    Args:
        number: format of the numbers.
    """
    return [alt.Tooltip(f"{name}:Q", format=number) for name in ("mean", "low", "high")]


def axis_title(quantity: Quantity) -> str:
    """The title of an axis: the quantity with its unit."""
    return f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"


def interval_lines(table: pd.DataFrame, *encodings: alt.SchemaBase) -> list[alt.Chart]:
    """Draw horizontal intervals from `low` to `high`.

    Args:
        table: columns low and high, missing where there is no interval.
        *encodings: what else is encoded, such as row and colour.

    Returns:
        One layer, or none where no row has an interval.
    """
    known = table.dropna(subset=["low"])
    if known.empty:
        return []
    x = (alt.X("low:Q").scale(zero=False), alt.X2("high:Q"))
    return [alt.Chart(known).mark_rule(strokeWidth=2.5).encode(*x, *encodings)]


def means_text(means: pd.DataFrame, number: str) -> str:
    """List the means of conditions, for captions and text alternatives.

    Args:
        means: from `means_over_seeds`.
        number: format of the means.
    """
    return "; ".join(
        f"{row['condition']} {row['mean']:{number}} (n = {row['n']})"
        for row in means.to_dict("records")
    )


def rows_of_conditions(
    results: Results,
    quantity: Quantity,
    text: FigureText,
    names: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Draw one row per condition.

    Args:
        results: results of an experiment.
        quantity: the quantity to draw.
        text: the figure's name, title and caption.
        names: the conditions in drawing order; None for all.
        labels: names to write instead of the conditions' own.
    """
    values = values_by_condition(results, quantity)
    shown = [name for name in names or results.experiment.names if name in set(values["condition"])]
    values = values[values["condition"].isin(shown)]
    if labels:
        values = values.assign(condition=[labels[name] for name in values["condition"]])
        shown = [labels[name] for name in shown]
    means = means_over_seeds(values)
    y = alt.Y("condition:N").title(None).sort(shown).axis(domain=False, ticks=False)
    colour = alt.Color("condition:N", scale=arm_scale(shown)).legend(None)
    number = f".{quantity.digits}f"
    layers = [
        *interval_lines(means, y, colour),
        alt.Chart(values)
        .mark_point(yOffset=11, size=36, filled=True, opacity=0.8)
        .encode(
            alt.X("value:Q").title(in_lines(axis_title(quantity))).scale(zero=False),
            y,
            colour,
            tooltip=["condition", "seed", alt.Tooltip("value:Q", format=number)],
        ),
        alt.Chart(means)
        .mark_point(size=110, strokeWidth=3.5, opacity=1, shape="M0,-1.6V1.6")
        .encode(alt.X("mean:Q"), y, colour, tooltip=["condition", "n", *tooltips(number)]),
        alt.Chart(means)
        .mark_text(dy=-17, align=alt.ExprRef(_INSIDE))
        .encode(alt.X("mean:Q"), y, text=alt.Text("mean:Q", format=number)),
    ]
    chart = alt.layer(*layers).properties(width=640, height=_ROW * max(len(shown), 1))
    description = f"{quantity.noun} by condition: {means_text(means, number)}."
    return figure_of_means(results, text, quantity.value_unit, means, description, chart)


def figure_of_means(
    results: Results,
    text: FigureText,
    unit: str,
    means: pd.DataFrame,
    description: str,
    chart: AltairChart,
) -> Figure:
    """Make a figure of a chart of means over seeds.

    Args:
        results: results of the experiment.
        text: the figure's name, title and caption.
        unit: unit of the means.
        means: from `means_over_seeds`.
        description: text alternative of the chart.
        chart: the chart.
    """
    return Figure(
        name=f"{results.experiment.name}-{text.name}",
        title=text.title,
        subtitle=with_remark(
            f"{unit}, mean of {how_many_seeds(means['n'])}, 95 % interval",
            data_remark(results.data),
        ),
        caption=(
            f"{text.reading + ' ' if text.reading else ''}Small dots: single runs. Line: 95 %"
            " confidence interval of the mean over seeds (Student’s t)."
        ),
        description=description,
        drawing=chart,
    )
