"""Where in the image the pixels lie that move a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.conditions import FigureText
from convbias.figures.figure import Figure
from convbias.figures.panels import ColourScale, Panel, Square
from convbias.figures.sheets import PanelRows, Sheet
from convbias.findings.results import Results
from convbias.findings.wording import how_many_seeds

SIDE, SLOT = 236, 258

SCALE = ColourScale("sequential", 1.0, "square root of the influence; the map's largest is 1")


@dataclass(frozen=True, eq=False)
class InfluenceMap:
    """A mean map of influence with what it holds.

    Args:
        image: float (height, width), at least 0, more than 0 somewhere.
        half: Side in pixels of the square around the middle that holds half of it.
        theoretical: Side in pixels of the square outside which nothing has influence.
        seeds: Over how many it is the mean.
    """

    image: np.ndarray
    half: float
    theoretical: float
    seeds: int


def influence_sheet(
    results: Results,
    text: FigureText,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[InfluenceMap]]],
) -> Figure:
    """Draw maps of influence in rows and columns, with their squares.

    Args:
        results: Of the experiment that the maps come from.
        text: What the figure is called, and what is seen in it.
        columns: What the columns are.
        rows: Names of rows, and a map per column.
    """
    section = PanelRows(
        "Influence of each pixel on the unit in the middle of the last maps",
        "Solid square: what the unit can see by arithmetic. Dashed square: what holds half of the"
        " influence. 28 × 28 pixels.",
        tuple(((name,), tuple(map(_panel, maps))) for name, maps in rows),
        tuple(columns),
        SIDE,
        SLOT,
        SCALE,
    )
    told = "; ".join(
        f"{name}, {column}: half within {one.half:.1f} of {one.theoretical:g} pixels"
        for name, maps in rows
        for column, one in zip(columns, maps, strict=True)
    )
    seeds = how_many_seeds(one.seeds for _, maps in rows for one in maps)
    return Figure(
        name=f"{results.experiment.name}-{text.name}",
        title=text.title,
        subtitle=with_remark(
            f"mean of {seeds}, square-root brightness",
            data_remark(results.data),
        ),
        caption=(
            f"{text.reading} The colour is the square root of the influence, in relation to the"
            " map’s largest, so that faint pixels are seen: a quarter of the influence has half"
            " the colour."
        ),
        description=f"Maps of influence. {told}.",
        drawing=Sheet((section,)),
    )


def _panel(one: InfluenceMap) -> Panel:
    return Panel(
        np.sqrt(one.image / one.image.max()),
        (f"half in {one.half:.1f} of {one.theoretical:g} pixels",),
        SCALE,
        squares=(Square(one.theoretical), Square(one.half, dashed=True)),
    )
