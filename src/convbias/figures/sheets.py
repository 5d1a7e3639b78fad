"""Sheets: sections of panels and tables, one below the other."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convbias.figures.drawing import (
    GAP,
    LINE,
    MARGIN,
    PIXELS_PER_INCH,
    TITLE,
    TITLE_SIZE,
    Drawing,
)
from convbias.figures.panels import ColourScale, Panel, PanelDrawer
from convbias.figures.theme import Theme
from convbias.spec.formatting import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

WIDTH = 940  # pixels
ROW_NAMES = 132  # pixels beside rows with names
BETWEEN = 26  # pixels between sections
CELL = 26  # pixels: height of a table's row
_CHARACTER = 7.4  # pixels: mean width of a character


class SheetSection(ABC):
    """A section of a sheet: heading, note and content."""

    heading: str
    note: str

    @abstractmethod
    def draw(self, drawer: PanelDrawer, top: float) -> float:
        """Draw the content below heading and note; return its lower end."""


@dataclass(frozen=True, eq=False)
class PanelRows(SheetSection):
    """Panels in rows.

    Args:
        heading: heading.
        note: text below the heading.
        rows: lines of the row's name, and its panels; a row is broken where it is full.
        columns: names above the columns, if any.
        side: pixels of the longer side of a panel.
        slot: pixels from one panel to the next.
        common: colour scale of all panels, drawn once; None if each panel has its own.
    """

    heading: str
    note: str
    rows: tuple[tuple[tuple[str, ...], tuple[Panel, ...]], ...]
    columns: tuple[str, ...] = ()
    side: int = 120
    slot: int = 176
    common: ColourScale | None = None

    def draw(self, drawer: PanelDrawer, top: float) -> float:
        """Draw the panels row by row."""
        left = MARGIN + (ROW_NAMES if any(names for names, _ in self.rows) else 0)
        for column, name in enumerate(self.columns):
            drawer.write(left + column * self.slot, top, name, weight="bold", va="top")
        top += LINE + 6 if self.columns else 0
        per_row = int((WIDTH - MARGIN - left + self.slot - self.side) // self.slot)
        for names, panels in self.rows:
            for line, name in enumerate(names):
                weight = "normal" if line else "bold"
                drawer.write(MARGIN, top + LINE * line, name, weight=weight, va="top")
            for start in range(0, len(panels), per_row):
                bottoms = [
                    self._panel(drawer, panel, left + place * self.slot, top)
                    for place, panel in enumerate(panels[start : start + per_row])
                ]
                top = max(bottoms) + self.slot - self.side if self.common else max(bottoms) + GAP
        if self.common:
            top = drawer.bar(self.common, left, top + 4, 170)
        return top

    def _panel(self, drawer: PanelDrawer, panel: Panel, left: float, top: float) -> float:
        bottom = drawer.panel(panel, left, top, self.side)
        if panel.scale and not self.common:
            bottom = drawer.bar(panel.scale, left, bottom + 7, self.side)
        for text in panel.lines:
            for line in textwrap.wrap(text, int((self.slot - GAP) / _CHARACTER)):
                drawer.write(left, bottom + 4, line, va="top")
                bottom += LINE
        return bottom


@dataclass(frozen=True, eq=False)
class ShareTable(SheetSection):
    """A table of shares, coloured by value.

    Args:
        heading: heading.
        note: text below the heading.
        columns: names of the columns.
        rows: name of a row, and its shares (0 to 1).
    """

    heading: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]

    def draw(self, drawer: PanelDrawer, top: float) -> float:
        """Draw the table."""
        left = MARGIN + ROW_NAMES
        width = (WIDTH - MARGIN - left) / len(self.columns)
        scale = ColourScale("sequential", 1, "")
        for column, name in enumerate(self.columns):
            drawer.write(left + (column + 0.5) * width, top, name, ha="center", va="top")
        top += LINE + 6
        for name, shares in self.rows:
            drawer.write(MARGIN, top + CELL / 2, name, weight="bold", va="center")
            extent = (left, left + width * len(shares), top + CELL, top)
            drawer.image(np.array([shares]), extent, scale)
            for column, share in enumerate(shares):
                x, y = left + (column + 0.5) * width, top + CELL / 2
                ink = drawer.ink_on(share, scale)
                drawer.write(x, y, probability_text(share), ha="center", va="center", color=ink)
            top += CELL + 4
        return top


def probability_text(probability: float) -> str:
    """Write a probability in percent, small ones as a bound.

    Args:
        probability: from 0 to 1.

    Example:
        >>> probability_text(0.968), probability_text(1e-9), probability_text(0.0)
        ('96.8 %', '< 0.1 %', '< 0.1 %')
    """
    return "< 0.1 %" if probability < 0.0005 else percent(probability, 1)


@dataclass(frozen=True, eq=False)
class Sheet(Drawing):
    """Sections one below the other.

    Args:
        sections: from top to bottom.
    """

    sections: tuple[SheetSection, ...]

    def draw(self, theme: Theme, title: str, subtitle: str) -> Canvas:
        """Draw the sheet."""
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(dpi=PIXELS_PER_INCH, facecolor=theme.paper)
        axes = canvas.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        drawer = PanelDrawer(axes, theme)
        drawer.write(MARGIN, MARGIN + 8, title, size=TITLE_SIZE, weight="bold", va="center")
        drawer.write(MARGIN, MARGIN + 32, subtitle, color=theme.muted, va="center")
        top: float = MARGIN + (TITLE if title else 0)
        for section in self.sections:
            drawer.write(MARGIN, top, section.heading, size=14, weight="bold", va="top")
            top += LINE + 5
            for line in textwrap.wrap(section.note, int((WIDTH - 2 * MARGIN) / _CHARACTER)):
                drawer.write(MARGIN, top, line, color=theme.muted, va="top")
                top += LINE
            top = section.draw(drawer, top + 8) + BETWEEN
        height = top - BETWEEN + MARGIN
        # Everything is placed in pixels, so the height can be set when it is known.
        axes.set(xlim=(0, WIDTH), ylim=(height, 0), aspect="auto")
        canvas.set_size_inches(WIDTH / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
        return canvas
