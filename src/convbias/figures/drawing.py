"""Drawings made by matplotlib at pixel positions, rendered as SVG and PNG."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from convbias.figures.theme import FONT_SIZE, Theme

if TYPE_CHECKING:  # loaded only where something is drawn, because it takes a second
    from matplotlib.figure import Figure as Canvas

GAP, LINE = 12, 17  # pixels: space between images, height of a text line
MARGIN, TITLE = 16, 62  # pixels: around the drawing, height of title and subtitle
TITLE_SIZE = 15  # pixels
PIXELS_PER_INCH = 96
_POINTS_PER_PIXEL = 72 / PIXELS_PER_INCH


class Drawing(ABC):
    """A drawing made by matplotlib, in contrast to a chart specification."""

    @abstractmethod
    def draw(self, theme: Theme, title: str, subtitle: str) -> Canvas:
        """Draw title, subtitle and content on the theme's background."""

    def svg(self, theme: Theme, title: str, subtitle: str) -> str:
        """Render as SVG text; the same drawing always gives the same text."""
        import matplotlib as mpl

        file = io.BytesIO()
        # Letters become outlines, so that the reader needs no font.
        with mpl.rc_context({"svg.hashsalt": title, "svg.fonttype": "path"}):
            self.draw(theme, title, subtitle).savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue().decode()

    def png(self, theme: Theme, title: str, subtitle: str, scale: float) -> bytes:
        """Render as a PNG file with `scale` pixels per pixel at display size."""
        file = io.BytesIO()
        canvas = self.draw(theme, title, subtitle)
        canvas.savefig(file, format="png", dpi=scale * PIXELS_PER_INCH)
        return file.getvalue()


class TextWriter:
    """Write text at pixel positions of matplotlib axes."""

    def __init__(self, axes: Any, theme: Theme) -> None:  # noqa: ANN401
        self.axes = axes
        self.theme = theme

    def __call__(self, x: float, y: float, text: str, size: float = FONT_SIZE, **more: Any) -> None:  # noqa: ANN401
        """Write a line; `more` is passed to matplotlib."""
        style = {"color": self.theme.ink, "fontsize": size * _POINTS_PER_PIXEL} | more
        self.axes.text(x, y, text, **style)
