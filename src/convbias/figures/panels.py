"""Images and maps of numbers with colour scales, drawn at pixel positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from convbias.figures.drawing import LINE, TextWriter
from convbias.figures.theme import Theme, contrast_ratio

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

BAR = 9  # pixels: height of a colour bar
OUTLINE_AT = 40  # grey value of the contour


@dataclass(frozen=True)
class ColourScale:
    """The colour scale of a map.

    Args:
        kind: "diverging" is symmetric around zero, "sequential" starts at zero.
        limit: value of the last colour; larger values have the same colour.
        unit: unit of the values.
        clipped: whether some values exceed the limit.
    """

    kind: Literal["diverging", "sequential"]
    limit: float
    unit: str
    clipped: bool = False

    def colours(self, theme: Theme) -> Colormap:
        """The colour map from the lowest to the highest value; zero is close to the background.

        Purple and green can be distinguished with colour blindness, too.
        """
        import matplotlib as mpl
        from matplotlib.colors import LinearSegmentedColormap

        if self.kind == "diverging":
            return mpl.colormaps["PRGn" if theme.name == "light" else "vanimo"]
        return LinearSegmentedColormap.from_list("heat", theme.heat)

    @property
    def least(self) -> float:
        """The value of the first colour."""
        return -self.limit if self.kind == "diverging" else 0.0

    def ends(self) -> tuple[str, str]:
        """Labels of both ends."""
        beyond = "≥ " if self.clipped else ""
        below = "≤ " if self.clipped and self.least else ""
        return f"{below}{_number(self.least)}", f"{beyond}{_number(self.limit)}"


def _number(value: float) -> str:
    return f"{value:.2g}".replace("-", "−") if abs(value) < 10 else f"{value:.0f}".replace("-", "−")


@dataclass(frozen=True)
class Square:
    """A square around the centre of a map.

    Args:
        side: side in pixels of the map.
        dashed: whether its line is dashed.
    """

    side: float
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Panel:
    """An image, or a map of numbers.

    Args:
        image: image uint8 (height, width) or (height, width, 3); or numbers (height, width).
        lines: text below the panel; long lines are wrapped.
        scale: colour scale of numbers; None for an image.
        outline: grey image (height, width), 0 to 255, whose contour is drawn over the map.
        squares: squares drawn over the map.
    """

    image: np.ndarray
    lines: tuple[str, ...] = ()
    scale: ColourScale | None = None
    outline: np.ndarray | None = None
    squares: tuple[Square, ...] = ()


class PanelDrawer:
    """Draw panels and colour bars at pixel positions.

    Args:
        axes: matplotlib axes with pixels as coordinates, y downwards.
        theme: the colours.
    """

    def __init__(self, axes: Any, theme: Theme) -> None:  # noqa: ANN401
        self.axes, self.theme = axes, theme
        self.write = TextWriter(axes, theme)

    def image(
        self,
        image: np.ndarray,
        extent: tuple[float, float, float, float],
        scale: ColourScale | None,
    ) -> None:
        """Draw an image, or numbers in the colours of a scale."""
        colours = {"cmap": "gray", "vmin": 0, "vmax": 255}
        if scale:
            colours = {
                "cmap": scale.colours(self.theme),
                "vmin": scale.least,
                "vmax": scale.limit,
            }
        self.axes.imshow(image, extent=extent, interpolation="none", **colours)

    def panel(self, panel: Panel, left: float, top: float, side: float) -> float:
        """Draw a panel whose longer side has the given length; return its lower end."""
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
        from matplotlib.patheffects import withStroke

        for square in panel.squares:
            half = square.side / 2 * side / longer
            x, y = (left + right) / 2, (top + bottom) / 2
            self.axes.plot(
                (x - half, x - half, x + half, x + half, x - half),
                (y - half, y + half, y + half, y - half, y - half),
                color=self.theme.ink,
                linewidth=1.4,
                linestyle=(0, (4, 2)) if square.dashed else "solid",
                # A halo, visible on dark and on light parts of the map.
                path_effects=[withStroke(linewidth=3.4, foreground=self.theme.paper)],
            )
        return bottom

    def bar(self, scale: ColourScale, left: float, top: float, width: float) -> float:
        """Draw a colour bar; return its lower end."""
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

    def ink_on(self, value: float, scale: ColourScale) -> str:
        """The text colour with the higher contrast on the colour of a value."""
        from matplotlib.colors import to_rgb

        colour = scale.colours(self.theme)((value - scale.least) / (scale.limit - scale.least))
        inks = (self.theme.ink, self.theme.on_heat)
        return max(inks, key=lambda ink: contrast_ratio(to_rgb(ink), colour[:3]))
