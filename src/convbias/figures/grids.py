"""Grids of small images with labels."""

from __future__ import annotations

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
    TextWriter,
)
from convbias.figures.theme import FONT_SIZE, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

COLUMNS = 8  # tiles per row
TILE, LABEL = 84, 96  # pixels: side of a tile, width of the row names
_LETTER = 0.6  # mean width of a letter relative to the font size; bold ones are wider


@dataclass(frozen=True, eq=False)
class Tile:
    """An image with lines of text below it.

    Args:
        image: uint8 or float (height, width), 0 (black) to 255 (white), or in colour
            (height, width, 3).
        lines: lines of text.
        description: text alternative.
    """

    image: np.ndarray
    lines: tuple[str, ...]
    description: str

    @classmethod
    def of(cls, image: np.ndarray, lines: tuple[str, ...], description: str) -> Tile:
        """A tile of an image of a data set.

        Args:
            image: uint8 (height, width, channels).
            lines: lines of text.
            description: text alternative.
        """
        return cls(image[..., 0] if image.shape[2] == 1 else image, lines, description)

    @property
    def pixels(self) -> np.ndarray:
        """The image, in colour as uint8, which no scale of colours applies to."""
        if self.image.ndim == 2:
            return self.image
        return np.rint(self.image).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class ImageGrid(Drawing):
    """Tiles in rows.

    Args:
        rows: name of a row, or None, and its tiles.
        columns: number of tiles after which a row is broken.
    """

    rows: tuple[tuple[str | None, tuple[Tile, ...]], ...]
    columns: int = COLUMNS

    def draw(self, theme: Theme, title: str, subtitle: str) -> Canvas:
        """Draw the grid."""
        from matplotlib.figure import Figure as Canvas

        rows = self._broken_rows()
        left = MARGIN + (LABEL if any(name for name, _ in rows) else 0)
        heights = [TILE + GAP + LINE * _most_lines(tiles) for _, tiles in rows]
        columns = max(len(tiles) for _, tiles in rows)
        width = max(
            left + columns * (TILE + GAP) - GAP + MARGIN,
            # A few tiles may be narrower than title and subtitle.
            2 * MARGIN + _LETTER * max(FONT_SIZE * len(subtitle), 1.2 * TITLE_SIZE * len(title)),
        )
        height = MARGIN + TITLE + sum(heights) + MARGIN - GAP
        canvas = Canvas(
            figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH),
            dpi=PIXELS_PER_INCH,
            facecolor=theme.paper,
        )
        axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        write = TextWriter(axes, theme)
        write(MARGIN, MARGIN + 8, title, size=TITLE_SIZE, weight="bold", va="center")
        write(MARGIN, MARGIN + 32, subtitle, color=theme.muted, va="center")
        top = MARGIN + TITLE
        for (name, tiles), row_height in zip(rows, heights, strict=True):
            if name:
                write(MARGIN, top + TILE / 2, name, va="center")
            for column, tile in enumerate(tiles):
                x = left + column * (TILE + GAP)
                axes.imshow(
                    tile.pixels,
                    cmap="gray",
                    vmin=0,
                    vmax=255,
                    extent=(x, x + TILE, top + TILE, top),
                    interpolation="none",
                )
                for line, text in enumerate(tile.lines):
                    write(x + TILE / 2, top + TILE + 4 + LINE * line, text, ha="center", va="top")
            top += row_height
        axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
        return canvas

    def _broken_rows(self) -> list[tuple[str | None, tuple[Tile, ...]]]:
        return [
            (name if start == 0 else None, tiles[start : start + self.columns])
            for name, tiles in self.rows
            for start in range(0, len(tiles), self.columns)
        ]


def _most_lines(tiles: tuple[Tile, ...]) -> int:
    return max((len(tile.lines) for tile in tiles), default=0)
