"""What a figure is: a chart or a grid of images, with the words that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import altair as alt

from convbias.figures import rendering
from convbias.figures.grids import Drawing
from convbias.figures.rendering import PNG_SCALE, Sheet
from convbias.figures.theme import DARK, LIGHT, Theme
from convbias.runs.atomic import write_atomically

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

PADDING = 14  # pixels around a chart on its paper


@dataclass(frozen=True, eq=False, repr=False)
class Figure:
    """A chart or a grid of images.

    Args:
        name: What its files are called.
        title: What is shown, in a few words.
        subtitle: The unit, and what must be known about the data, such as that they are drawn.
        caption: How to read it and what is seen, in sentences with numbers.
        description: What is drawn, for those who cannot see it.
        drawing: An Altair chart without a configuration, or a grid of images.
    """

    name: str
    title: str
    subtitle: str
    caption: str
    description: str
    drawing: Chart | Drawing

    def specification(self) -> dict[str, Any]:
        """The chart in Vega-Lite's JSON, without title and colours.

        Raises:
            TypeError: The figure is a grid of images.
        """
        return self._specification.copy()

    @cached_property
    def _specification(self) -> dict[str, Any]:
        if isinstance(self.drawing, Drawing):
            raise TypeError(f"{self.name} is a grid of images, not a chart")
        specification = self.drawing.to_dict()
        specification.pop("config", None)
        return specification | {"description": self.description}

    def svg(self, theme: Theme = LIGHT, *, titled: bool = True) -> str:
        """Draw the figure as SVG text.

        Args:
            theme: The colours.
            titled: Whether title and subtitle stand above it, on paper of the theme's colour.
        """
        if isinstance(self.drawing, Drawing):
            words = (self.title, self.subtitle) if titled else ("", "")
            return self.drawing.svg(theme, *words)
        return rendering.svg(self._sheet(theme, titled=titled))

    def chart(self) -> rendering.Chart:
        """What draws the figure in another process.

        Raises:
            TypeError: The figure is a grid of images.
        """
        return rendering.Chart(
            by_day=self._sheet(LIGHT, titled=False),
            by_night=self._sheet(DARK, titled=False),
            titled=self._sheet(LIGHT, titled=True),
        )

    def _sheet(self, theme: Theme, *, titled: bool) -> Sheet:
        specification, config = self.specification(), theme.config
        if titled:
            specification["title"] = {"text": self.title, "subtitle": self.subtitle}
            config |= {"background": theme.paper, "padding": PADDING}
        return specification, config

    def __repr__(self) -> str:
        return f"<figure {self.name}: {self.title}>"  # its data would fill pages

    def _repr_svg_(self) -> str:
        return self.svg()  # what a notebook shows


def save(figure: Figure, folder: Path) -> tuple[Path, Path]:
    """Write a figure as a scalable and as a pixel image, in light colours.

    Args:
        figure: The figure.
        folder: Made where it is missing.

    Returns:
        The paths of `<name>.svg` and `<name>.png`.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    svg = figure.svg()
    return write_images(folder / figure.name, svg, _png(figure, svg))


def write_images(path: Path, svg: str, png: bytes) -> tuple[Path, Path]:
    """Write what was drawn of a figure.

    Args:
        path: Of both files, without their suffixes.
        svg: The scalable image.
        png: The pixel image.

    Returns:
        The two paths.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    # Not with_suffix: a name may hold a dot.
    paths = path.parent / f"{path.name}.svg", path.parent / f"{path.name}.png"
    for target, content in zip(paths, (svg.encode(), png), strict=True):
        write_atomically(target, _writer(content))
    return paths


def png(figure: Figure) -> bytes:
    """Draw a figure as a PNG file, in light colours, at twice its size on the screen."""
    return _png(figure, figure.svg())


def _png(figure: Figure, svg: str) -> bytes:
    if isinstance(figure.drawing, Drawing):
        return figure.drawing.png(LIGHT, figure.title, figure.subtitle, scale=PNG_SCALE)
    return rendering.png(svg)


def _writer(content: bytes) -> Callable[[Path], int]:
    return lambda path: path.write_bytes(content)
