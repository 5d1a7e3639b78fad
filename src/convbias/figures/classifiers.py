"""Figures of what was measured of classifiers: one per measure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from convbias.figures.figure import AltairChart, Figure
from convbias.figures.influence import SCALE, SIDE, SLOT
from convbias.figures.panels import Panel, Square
from convbias.figures.sheets import PanelRows, Sheet
from convbias.figures.theme import arm_scale, in_lines
from convbias.findings.classifiers import Group, Row
from convbias.measures.classifier import MEASURES

TITLES = {each.name: each.title for each in MEASURES}
# What the horizontal axis of a curve is, and its title.
ALONG = {
    "shift": "Distance of the shift (pixels)",
    "corruption": "Strength of the corruption",
    "blocks": "Side of the shuffled blocks (pixels)",
    "layers": "Layer",
}
INTERVALS = "Lines: 95 % intervals over images, with several networks over networks and images."
_WIDTH, _HEIGHT, _ROW = 640, 300, 46  # pixels
_LONGEST_LINE = 21  # letters of a label: three lines of it fit into a row


def figures_of(groups: Mapping[str, Group], rows: Sequence[Row], remark: str) -> list[Figure]:
    """A figure for every measure that found something.

    Args:
        groups: One or two groups of networks.
        rows: From `compare`.
        remark: What the images are, for subtitles.
    """
    found = []
    for measure in MEASURES:
        of_measure = [row for row in rows if row.measure == measure.name]
        on_curve = [row for row in of_measure if row.score.place is not None]
        if measure.name == "receptive_field":
            found += [each for each in (_fields(groups, rows, remark),) if each]
        elif on_curve:
            found.append(_curve(measure.name, on_curve, remark))
        elif of_measure:
            found.append(_dots(measure.name, of_measure, remark))
    return found


def _records(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "group": group,
                "noun": row.quantity.noun,
                "at": row.score.place.at if row.score.place else "",
                "series": row.score.place.series if row.score.place else "",
                "mean": row.quantity.scale * one.mean,
                "low": row.quantity.scale * one.interval.low if one.interval else None,
                "high": row.quantity.scale * one.interval.high if one.interval else None,
            }
            for row in rows
            for group, one in row.estimates.items()
        ]
    )


def _told(table: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['group']}, {row['series']} {row['at'] or row['noun']}: {row['mean']:.4g}"
        for row in table.to_dict("records")
    )


def _curve(measure: str, rows: Sequence[Row], remark: str) -> Figure:
    table, quantity = _records(rows), rows[0].quantity
    [curve] = {row.score.place.curve for row in rows if row.score.place}
    in_percent = quantity.scale == 100
    upwards = "Accuracy (%)" if in_percent else f"Equivariance error ({quantity.value_unit})"
    steps = list(dict.fromkeys(table["at"]))
    x = (
        alt.X("at:N")
        .title(ALONG[curve])
        .sort(steps)
        .axis(labelAngle=-30 if curve == "layers" else 0)
    )
    # Kinds by colour where there are several, and groups by dashes then.
    kinds = bool(table["series"].any())
    of = "series" if kinds else "group"
    legend = alt.Legend(title=None, orient="top")
    colour = alt.Color(f"{of}:N").scale(arm_scale(dict.fromkeys(table[of]))).legend(legend)
    dash = alt.StrokeDash("group:N").legend(legend if kinds else None)
    y = alt.Y("mean:Q").title(upwards).scale(zero=not in_percent)
    tooltip = ["group", "series", "at", *(alt.Tooltip(f"{each}:Q", format=".2f") for each in _ENDS)]
    layers: list[AltairChart] = []
    spread = table.dropna(subset=["low"])
    if len(spread):
        ends = (alt.Y("low:Q"), alt.Y2("high:Q"))
        layers.append(
            alt.Chart(spread).mark_rule(strokeWidth=2, opacity=0.6).encode(x, *ends, colour)
        )
    layers += [
        alt.Chart(table).mark_line(strokeWidth=2).encode(x, y, colour, dash),
        alt.Chart(table)
        .mark_point(filled=True, size=46, opacity=1)
        .encode(x, y, colour, tooltip=tooltip),
    ]
    return Figure(
        name=f"measure-{measure}",
        title=TITLES[measure],
        subtitle=remark,
        caption=f"{upwards} by {ALONG[curve].lower()}. {INTERVALS}",
        description=f"{upwards} by {ALONG[curve].lower()}. {_told(table)}.",
        drawing=alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT),
    )


_ENDS = ("mean", "low", "high")


def _dots(measure: str, rows: Sequence[Row], remark: str) -> Figure:
    """The numbers of a measure that have the unit of its first one."""
    unit = rows[0].quantity.value_unit
    table = _records([row for row in rows if row.quantity.value_unit == unit])
    # In short lines, which leave most of a narrow window to the dots.
    table["label"] = ["\n".join(textwrap.wrap(noun, _LONGEST_LINE)) for noun in table["noun"]]
    y = alt.Y("label:N").title(None).sort(list(dict.fromkeys(table["label"])))
    y = y.axis(domain=False, ticks=False, labelExpr="split(datum.label, '\\n')")
    offset = alt.YOffset("group:N")
    colour = (
        alt.Color("group:N")
        .scale(arm_scale(dict.fromkeys(table["group"])))
        .legend(alt.Legend(title=None, orient="top"))
    )
    title = unit[0].upper() + unit[1:]
    layers: list[AltairChart] = [
        alt.Chart(table.dropna(subset=["low"]))
        .mark_rule(strokeWidth=2.5)
        .encode(alt.X("low:Q"), alt.X2("high:Q"), y, offset, colour),
        alt.Chart(table)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            alt.X("mean:Q").title(in_lines(title)).scale(zero=False),
            y,
            offset,
            colour,
            tooltip=["group", "noun", *(alt.Tooltip(f"{each}:Q", format=".4g") for each in _ENDS)],
        ),
    ]
    return Figure(
        name=f"measure-{measure}",
        title=TITLES[measure],
        subtitle=remark,
        caption=INTERVALS,
        description=f"{title}: {_told(table)}.",
        drawing=alt.layer(*layers).properties(width=_WIDTH, height=_ROW * table["noun"].nunique()),
    )


def _fields(groups: Mapping[str, Group], rows: Sequence[Row], remark: str) -> Figure | None:
    sides = {row.quantity.name: row.estimates for row in rows if row.measure == "receptive_field"}
    panels = []
    for name, networks in groups.items():
        maps = [each["receptive_field"].picture for each in networks if "receptive_field" in each]
        pictures = [each for each in maps if each is not None]
        if not pictures:
            continue
        influence = np.mean(pictures, axis=0)
        half, whole = (sides[key][name].mean for key in ("effective_field_50", "theoretical_field"))
        panels.append(
            (
                name,
                Panel(
                    np.sqrt(influence / influence.max()),
                    (f"half in {half:.1f} of {whole:g} pixels",),
                    SCALE,
                    squares=(Square(whole), Square(half, dashed=True)),
                ),
            )
        )
    if not panels:
        return None
    section = PanelRows(
        "Influence of each pixel on the central unit of the last feature maps",
        "Solid square: theoretical receptive field. Dashed square: contains half of the influence.",
        tuple(((name,), (panel,)) for name, panel in panels),
        (),
        SIDE,
        SLOT,
        SCALE,
    )
    told = "; ".join(f"{name}: {panel.lines[0]}" for name, panel in panels)
    return Figure(
        name="measure-receptive_field",
        title=TITLES["receptive_field"],
        subtitle=remark,
        caption="Colour: square root of the influence relative to the map’s maximum.",
        description=f"Maps of influence. {told}.",
        drawing=Sheet((section,)),
    )
