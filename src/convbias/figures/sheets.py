"""Sheets of pictures and maps of numbers with scales, in sections one below the other."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas

from convbias.figures.grids import (
    GAP,
    LINE,
    MARGIN,
    PIXELS_PER_INCH,
    TITLE,
    TITLE_SIZE,
    Drawing,
    Writer,
)
from convbias.figures.theme import Theme

WIDTH = 940  # pixels
ROW_NAMES = 132  # pixels beside rows with names
BAR = 9  # pixels: height of a scale
BETWEEN = 26  # pixels between sections
CELL = 26  # pixels: height of a table's row
OUTLINE_AT = 40  # grey value of the contour
_CHARACTER = 7.4  # pixels: mean width of a character


@dataclass(frozen=True)
class Scale:
    """What a map's colours mean.

    Args:
        kind: "diverging" has its middle at zero and reaches equally far to both sides;
            "sequential" begins at zero.
        limit: The value of the last colour; what lies beyond has that colour too.
        unit: Of the values.
        clipped: Whether some values lie beyond.
    """

    kind: Literal["diverging", "sequential"]
    limit: float
    unit: str
    clipped: bool = False

    def colours(self, theme: Theme) -> Colormap:
        """From the least value to the largest; nothing has nearly the paper's colour.

        Purple and green lie apart for people without red or green cones as well.
        """
        if self.kind == "diverging":
            return mpl.colormaps["PRGn" if theme.name == "light" else "vanimo"]
        return LinearSegmentedColormap.from_list("heat", theme.heat)

    @property
    def least(self) -> float:
        """The value of the first colour."""
        return -self.limit if self.kind == "diverging" else 0.0

    def ends(self) -> tuple[str, str]:
        """What stands at both ends."""
        beyond = "≥ " if self.clipped else ""
        below = "≤ " if self.clipped and self.least else ""
        return f"{below}{_number(self.least)}", f"{beyond}{_number(self.limit)}"


def _number(value: float) -> str:
    return f"{value:.2g}".replace("-", "−") if abs(value) < 10 else f"{value:.0f}".replace("-", "−")


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture, or a map of numbers.

    Args:
        image: A picture uint8 (height, width) or (height, width, 3); or numbers (height, width).
        lines: What stands below it; long lines are broken.
        scale: Of numbers; None for a picture.
        outline: A picture uint8 (height, width) whose contour is drawn over the map.
    """

    image: np.ndarray
    lines: tuple[str, ...] = ()
    scale: Scale | None = None
    outline: np.ndarray | None = None


class Section(ABC):
    """A part of a sheet: a heading, a note, and something below."""

    heading: str
    note: str

    @abstractmethod
    def draw(self, pen: Pen, top: float) -> float:
        """Draw what stands below heading and note; returns where it ends."""


@dataclass(frozen=True, eq=False)
class Panels(Section):
    """Panels in rows.

    Args:
        heading: Above it.
        note: Below the heading.
        rows: Lines of the row's name, and its panels; panels that find no room go below.
        columns: Names above the columns, or none.
        side: Pixels of the longer side of a panel.
        slot: Pixels from one panel to the next.
        common: A scale that all panels share, drawn once; otherwise each has its own below it.
    """

    heading: str
    note: str
    rows: tuple[tuple[tuple[str, ...], tuple[Panel, ...]], ...]
    columns: tuple[str, ...] = ()
    side: int = 120
    slot: int = 176
    common: Scale | None = None

    def draw(self, pen: Pen, top: float) -> float:
        """Draw the panels row by row."""
        left = MARGIN + (ROW_NAMES if any(names for names, _ in self.rows) else 0)
        for column, name in enumerate(self.columns):
            pen.write(left + column * self.slot, top, name, weight="bold", va="top")
        top += LINE + 6 if self.columns else 0
        per_row = int((WIDTH - MARGIN - left + self.slot - self.side) // self.slot)
        for names, panels in self.rows:
            for line, name in enumerate(names):
                weight = "normal" if line else "bold"
                pen.write(MARGIN, top + LINE * line, name, weight=weight, va="top")
            for start in range(0, len(panels), per_row):
                bottoms = [
                    self._panel(pen, panel, left + place * self.slot, top)
                    for place, panel in enumerate(panels[start : start + per_row])
                ]
                top = max(bottoms) + self.slot - self.side if self.common else max(bottoms) + GAP
        if self.common:
            top = pen.bar(self.common, left, top + 4, 170)
        return top

    def _panel(self, pen: Pen, panel: Panel, left: float, top: float) -> float:
        bottom = pen.panel(panel, left, top, self.side)
        if panel.scale and not self.common:
            bottom = pen.bar(panel.scale, left, bottom + 7, self.side)
        for text in panel.lines:
            for line in textwrap.wrap(text, int((self.slot - GAP) / _CHARACTER)):
                pen.write(left, bottom + 4, line, va="top")
                bottom += LINE
        return bottom


@dataclass(frozen=True, eq=False)
class Shares(Section):
    """A table of shares, shaded by their size.

    Args:
        heading: Above it.
        note: Below the heading.
        columns: Names of the columns.
        rows: Name of a row, and its shares (0 to 1).
    """

    heading: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]

    def draw(self, pen: Pen, top: float) -> float:
        """Draw the table."""
        left = MARGIN + ROW_NAMES
        width = (WIDTH - MARGIN - left) / len(self.columns)
        for column, name in enumerate(self.columns):
            pen.write(left + (column + 0.5) * width, top, name, ha="center", va="top")
        top += LINE + 6
        for name, shares in self.rows:
            pen.write(MARGIN, top + CELL / 2, name, weight="bold", va="center")
            extent = (left, left + width * len(shares), top + CELL, top)
            pen.image(np.array([shares]), extent, Scale("sequential", 1, ""))
            for column, share in enumerate(shares):
                # Halfway up the scale both inks can still be read.
                colour = pen.theme.on_heat if share > 0.5 else pen.theme.ink
                x = left + (column + 0.5) * width
                pen.write(x, top + CELL / 2, percent(share), ha="center", va="center", color=colour)
            top += CELL + 4
        return top


def percent(share: float) -> str:
    """Write a share (0 to 1), never as none where there is a little.

    Example:
        >>> percent(0.968), percent(1e-9), percent(0.0)
        ('96.8 %', '< 0.1 %', '< 0.1 %')
    """
    return "< 0.1 %" if share < 0.0005 else f"{100 * share:.1f} %"


@dataclass(frozen=True, eq=False)
class Sheet(Drawing):
    """Sections one below the other.

    Args:
        sections: From top to bottom.
    """

    sections: tuple[Section, ...]

    def draw(self, theme: Theme, title: str, subtitle: str) -> Canvas:
        """Draw the sheet, with its words, on paper of the theme's colour."""
        canvas = Canvas(dpi=PIXELS_PER_INCH, facecolor=theme.paper)
        axes = canvas.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        pen = Pen(axes, theme)
        pen.write(MARGIN, MARGIN + 8, title, size=TITLE_SIZE, weight="bold", va="center")
        pen.write(MARGIN, MARGIN + 32, subtitle, color=theme.muted, va="center")
        top: float = MARGIN + TITLE
        for section in self.sections:
            pen.write(MARGIN, top, section.heading, size=14, weight="bold", va="top")
            top += LINE + 5
            for line in textwrap.wrap(section.note, int((WIDTH - 2 * MARGIN) / _CHARACTER)):
                pen.write(MARGIN, top, line, color=theme.muted, va="top")
                top += LINE
            top = section.draw(pen, top + 8) + BETWEEN
        height = top - BETWEEN + MARGIN
        # All is placed in pixels, so the paper can be cut when its length is known.
        axes.set(xlim=(0, WIDTH), ylim=(height, 0), aspect="auto")
        canvas.set_size_inches(WIDTH / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
        return canvas


class Pen:
    """Draws at pixel positions.

    Args:
        axes: Whose coordinates are pixels, downwards.
        theme: The colours.
    """

    def __init__(self, axes: Any, theme: Theme) -> None:  # noqa: ANN401
        self.axes, self.theme = axes, theme
        self.write = Writer(axes, theme)

    def image(
        self, image: np.ndarray, extent: tuple[float, float, float, float], scale: Scale | None
    ) -> None:
        """Draw a picture, or numbers in a scale's colours."""
        colours = {"cmap": "gray", "vmin": 0, "vmax": 255}
        if scale:
            colours = {
                "cmap": scale.colours(self.theme),
                "vmin": scale.least,
                "vmax": scale.limit,
            }
        self.axes.imshow(image, extent=extent, interpolation="none", **colours)

    def panel(self, panel: Panel, left: float, top: float, side: float) -> float:
        """Draw a picture or map, its longer side as long as asked; returns where it ends."""
        height, width = panel.image.shape[:2]
        longer = max(height, width)
        right, bottom = left + side * width / longer, top + side * height / longer
        self.image(panel.image, (left, right, bottom, top), panel.scale)
        frame = ((left, left, right, right, left), (top, bottom, bottom, top, top))
        self.axes.plot(*frame, color=self.theme.line, linewidth=0.8)
        if panel.outline is not None:
            rows, columns = panel.outline.shape
            x = left + (np.arange(columns) + 0.5) * (right - left) / columns
            y = top + (np.arange(rows) + 0.5) * (bottom - top) / rows
            if panel.outline.min() < OUTLINE_AT < panel.outline.max():
                style = {"colors": self.theme.muted, "linewidths": 0.9}
                self.axes.contour(x, y, panel.outline, [OUTLINE_AT], **style)
        return bottom

    def bar(self, scale: Scale, left: float, top: float, width: float) -> float:
        """Draw what the colours of a map mean; returns where it ends."""
        ramp = np.linspace(scale.least, scale.limit, 128)[None]
        self.image(ramp, (left, left + width, top + BAR, top), scale)
        low, high = scale.ends()
        below = top + BAR + 3
        self.write(left, below, low, size=12, va="top")
        self.write(left + width, below, high, size=12, ha="right", va="top")
        if scale.least:
            self.write(left + width / 2, below, "0", size=12, ha="center", va="top")
        self.write(left, below + 15, scale.unit, size=12, color=self.theme.muted, va="top")
        return below + 15 + LINE
