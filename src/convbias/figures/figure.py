"""A figure: a chart or a grid of images with title, caption and text alternative."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair as alt

from convbias.figures import rendering
from convbias.figures.drawing import Drawing
from convbias.figures.rendering import PNG_SCALE, StyledSpecification
from convbias.figures.theme import DARK, LIGHT, Theme

AltairChart = alt.Chart | alt.LayerChart | alt.FacetChart

PADDING = 14  # pixels around a chart with a background


@dataclass(frozen=True, eq=False, repr=False)
class Figure:
    """A chart or a grid of images.

    Args:
        name: name of its files, without suffix.
        title: what is shown, in a few words.
        subtitle: the unit, and remarks about the data, such as that the images are generated.
        caption: how to read the figure and what it shows, in sentences with numbers.
        description: text alternative for readers who cannot see the figure.
        drawing: an Altair chart without a configuration, or a matplotlib drawing.
    """

    name: str
    title: str
    subtitle: str
    caption: str
    description: str
    drawing: AltairChart | Drawing

    def specification(self) -> dict[str, Any]:
        """The chart as a Vega-Lite specification, without title and colours.

        Raises:
            TypeError: the figure is not a chart.
        """
        return self._specification.copy()

    @cached_property
    def _specification(self) -> dict[str, Any]:
        if isinstance(self.drawing, Drawing):
            raise TypeError(f"{self.name} is drawn by matplotlib, it is not a chart")
        # Altair's validation takes as long as all else; the tests validate every kind of chart.
        specification = self.drawing.to_dict(validate=False)
        specification.pop("config", None)
        return specification | {"description": self.description}

    def svg(self, theme: Theme = LIGHT, *, titled: bool = True) -> str:
        """Render the figure as SVG text.

        Args:
            theme: the colours.
            titled: whether to add title, subtitle and the theme's background.
        """
        if isinstance(self.drawing, Drawing):
            title, subtitle = (self.title, self.subtitle) if titled else ("", "")
            return self.drawing.svg(theme, title, subtitle)
        return rendering.svg(self._styled(theme, titled=titled))

    def png(self) -> bytes:
        """Render the figure as PNG, with title, in light colours, at twice its screen size."""
        if isinstance(self.drawing, Drawing):
            return self.drawing.png(LIGHT, self.title, self.subtitle, scale=PNG_SCALE)
        return rendering.png(self.svg())

    def chart_versions(self) -> rendering.ChartVersions:
        """The specifications that another process needs to render the chart.

        Raises:
            TypeError: the figure is not a chart.
        """
        return rendering.ChartVersions(
            light=self._styled(LIGHT, titled=False),
            dark=self._styled(DARK, titled=False),
            titled=self._styled(LIGHT, titled=True),
        )

    def _styled(self, theme: Theme, *, titled: bool) -> StyledSpecification:
        specification, config = self.specification(), theme.config
        if titled:
            specification["title"] = {"text": self.title, "subtitle": self.subtitle}
            config |= {"background": theme.paper, "padding": PADDING}
        return specification, config

    def __repr__(self) -> str:
        return f"<figure {self.name}: {self.title}>"  # the chart's data would fill pages

    def _repr_svg_(self) -> str:
        return self.svg()  # what a notebook shows
