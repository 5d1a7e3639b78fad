"""A quantity by condition: every run as a dot, means with intervals, rows or lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.base import Chart, Figure
from convbias.figures.theme import arm_scale
from convbias.findings import is_measured, score
from convbias.quantities import Quantity
from convbias.results import Results
from convbias.statistics import summarise
from convbias.wording import how_many_seeds

_ROW = 46  # pixels per condition


@dataclass(frozen=True)
class Place:
    """Where a condition stands on a line.

    Args:
        series: Of which line.
        x: Where on it.
        also: Further lines that it belongs to, at the same place.
    """

    series: str
    x: float
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """What a figure is called and said of it.

    Args:
        name: What its files are called, without the experiment's name.
        title: What is shown, in a few words.
        reading: How to read it beyond what every such figure says, in sentences.
    """

    name: str
    title: str
    reading: str = ""


def values_by_condition(results: Results, quantity: Quantity) -> pd.DataFrame:
    """A quantity of every finished run, in the unit that is read.

    Returns:
        Columns condition, seed and value, in the experiment's order.
    """
    rows = [
        {
            "condition": run.arm_name,
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
        values: Columns condition, seed and value.
        by: Further columns, of which every combination has a mean of its own.

    Returns:
        The columns of `by`, mean, low, high (missing for one seed) and n.
    """
    rows = []
    for names, of_condition in values.groupby(list(by), sort=False)["value"]:
        summary = summarise(of_condition)
        low, high = summary.interval.ends if summary.interval else (None, None)
        rows.append((*names, summary.mean, low, high, summary.n))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "n"])


def rows_of_conditions(
    results: Results, quantity: Quantity, words: Words, names: Sequence[str] | None = None
) -> Figure:
    """Draw one row per condition.

    Args:
        results: Of an experiment.
        quantity: What to draw.
        words: What the figure is called.
        names: Which conditions, in which order; all of them when absent.
    """
    values = values_by_condition(results, quantity)
    shown = [name for name in names or results.experiment.names if name in set(values["condition"])]
    values = values[values["condition"].isin(shown)]
    means = means_over_seeds(values)
    title = f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"
    y = alt.Y("condition:N").title(None).sort(shown).axis(domain=False, ticks=False)
    colour = alt.Color("condition:N", scale=arm_scale(shown)).legend(None)
    number = f".{quantity.digits}f"
    layers: list[alt.Chart] = []
    spread = means.dropna(subset=["low"])
    if len(spread):
        layers.append(
            alt.Chart(spread)
            .mark_rule(strokeWidth=2.5)
            .encode(alt.X("low:Q").scale(zero=False), alt.X2("high:Q"), y, colour)
        )
    layers += [
        alt.Chart(values)
        .mark_point(yOffset=11, size=36, filled=True, opacity=0.8)
        .encode(
            alt.X("value:Q").title(title).scale(zero=False),
            y,
            colour,
            tooltip=["condition", "seed", alt.Tooltip("value:Q", format=number)],
        ),
        alt.Chart(means)
        .mark_point(size=110, strokeWidth=3.5, opacity=1, shape="M0,-1.6V1.6")
        .encode(alt.X("mean:Q"), y, colour, tooltip=["condition", "n", *_tooltips(number)]),
        alt.Chart(means)
        .mark_text(dy=-13)
        .encode(alt.X("mean:Q"), y, text=alt.Text("mean:Q", format=number)),
    ]
    chart = alt.layer(*layers).properties(width=640, height=_ROW * max(len(shown), 1))
    return _figure(results, quantity, words, means, chart)


def lines_of_conditions(
    results: Results,
    quantity: Quantity,
    words: Words,
    places: Mapping[str, Place],
    x_title: str,
    x_scale: Literal["linear", "log", "steps"] = "linear",
) -> Figure:
    """Draw lines through the means of conditions that differ by a number.

    Args:
        results: Of an experiment.
        quantity: What to draw upwards.
        words: What the figure is called.
        places: Condition to its place; conditions without one are left out.
        x_title: What the number is, with its unit.
        x_scale: steps: every number is as far from the next.
    """
    values = values_by_condition(results, quantity)
    values = values[values["condition"].isin(list(places))]
    told = means_over_seeds(values)
    rows = [
        {"condition": name, "series": series, "x": place.x}
        for name, place in places.items()
        for series in (place.series, *place.also)
    ]
    at = pd.DataFrame(rows)
    values, means = (table.merge(at, on="condition") for table in (values, told))
    series = list(dict.fromkeys(place.series for place in places.values()))
    ticks = sorted({place.x for place in places.values()})
    title = f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"
    if x_scale == "steps":
        x = alt.X("x:O").title(x_title).sort(ticks).axis(labelAngle=0)
    else:
        scale = alt.Scale(type=x_scale, zero=False, nice=False, padding=18)
        axis = alt.Axis(values=ticks, format=",", grid=False, labelOverlap=True)
        x = alt.X("x:Q").title(x_title).scale(scale).axis(axis)
    y = alt.Y("mean:Q").title(title).scale(zero=False)
    colour = (
        alt.Color("series:N")
        .scale(arm_scale(series))
        .legend(title=None, symbolType="circle", symbolOpacity=1)
    )
    number = f".{quantity.digits}f"
    layers: list[alt.Chart] = []
    spread = means.dropna(subset=["low"])
    if len(spread):
        layers.append(
            alt.Chart(spread)
            .mark_rule(strokeWidth=2, opacity=0.7)
            .encode(x, alt.Y("low:Q").scale(zero=False), alt.Y2("high:Q"), colour)
        )
    layers += [
        alt.Chart(means).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(values)
        .mark_point(filled=True, size=20, opacity=0.55)
        .encode(x, alt.Y("value:Q"), colour, tooltip=["condition", "seed", "value"]),
        alt.Chart(means)
        .mark_point(filled=True, size=64, opacity=1)
        .encode(x, y, colour, tooltip=["condition", "n", *_tooltips(number)]),
    ]
    chart = alt.layer(*layers).properties(width=640, height=340)
    return _figure(results, quantity, words, told, chart)


def _tooltips(number: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", format=number) for name in ("mean", "low", "high")]


def _figure(
    results: Results, quantity: Quantity, words: Words, means: pd.DataFrame, chart: Chart
) -> Figure:
    told = "; ".join(
        f"{row['condition']} {row['mean']:.{quantity.digits}f} (n = {row['n']})"
        for row in means.to_dict("records")
    )
    return Figure(
        name=f"{results.experiment.name}-{words.name}",
        title=words.title,
        subtitle=with_remark(
            f"{quantity.value_unit}, mean of {how_many_seeds(means['n'])}, 95 % interval",
            data_remark(results.data),
        ),
        caption=(
            f"{words.reading + ' ' if words.reading else ''}Small dots are single runs; the"
            " interval (Student’s t) is that of the mean over seeds."
        ),
        description=f"{quantity.noun} by condition: {told}.",
        drawing=chart,
    )
