"""Maps of each pixel's influence on a unit (effective receptive field)."""

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

SCALE = ColourScale("sequential", 1.0, "square root of the influence, relative to the maximum")


@dataclass(frozen=True, eq=False)
class InfluenceMap:
    """A mean map of influence and the size of its squares.

    Args:
        image: float (height, width), non-negative, not all 0.
        half: side in pixels of the central square that contains half of the influence.
        theoretical: side in pixels of the theoretical receptive field.
        seeds: number of seeds that the map is the mean of.
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
    """Draw maps of influence in rows and columns.

    Args:
        results: results of the experiment that the maps belong to.
        text: the figure's name, title and caption.
        columns: names of the columns.
        rows: name of each row, and one map per column.
    """
    section = PanelRows(
        "Influence of each pixel on the central unit of the last feature maps",
        "Solid square: theoretical receptive field. Dashed square: contains half of the"
        f" influence. {rows[0][1][0].image.shape[0]} × {rows[0][1][0].image.shape[1]} pixels.",
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
            f"{text.reading} Colour: square root of the influence relative to the map’s maximum, so"
            " that weak influence is visible (a quarter of the influence has half the colour)."
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
