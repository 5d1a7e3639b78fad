"""Light and dark themes: fonts, colours, and a palette safe for colour blindness."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import altair as alt

# Okabe and Ito (2008), "Color Universal Design"; without yellow and black, which are invisible on a
# white and on a black background.
VERMILLION, BLUE, GREEN = "#D55E00", "#0072B2", "#009E73"
PURPLE, SKY, ORANGE = "#CC79A7", "#56B4E9", "#E69F00"

# An arm has the same colour in every figure, whatever other arms are shown. Where a single kernel
# size is compared, `cnn` is the 3x3 network.
_ARM_COLOURS = {
    "dense": VERMILLION,
    "cnn": BLUE,
    "cnn-3x3": BLUE,
    "cnn-5x5": GREEN,
    "cnn-7x7": PURPLE,
}
_FURTHER_COLOURS = (SKY, ORANGE, "#8C8C8C", "#A0522D", "#6A5ACD", "#708238")

# Static images are laid out with Arial's widths, even where Arial is not installed.
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
FONT_SIZE = 13  # pixels at display size
LONGEST_TITLE = 26  # characters of an axis title that fit below a chart in a narrow window


@dataclass(frozen=True)
class Theme:
    """The colours of a light or dark theme.

    Args:
        name: "light" or "dark".
        paper: background.
        ink: text and main marks.
        muted: secondary text and marks.
        line: grid lines and axes.
        zone: shaded areas.
        heat: ends of the heat map's colour scale, lowest value first.
        on_heat: text on the colour of the highest value.
    """

    name: str
    paper: str
    ink: str
    muted: str
    line: str
    zone: str
    heat: tuple[str, str]
    on_heat: str

    @property
    def config(self) -> dict[str, Any]:
        """The Vega-Lite configuration; specifications themselves contain no theme colours."""
        axis = {
            "labelColor": self.ink,
            "titleColor": self.ink,
            "domainColor": self.muted,
            "tickColor": self.line,
            "gridColor": self.line,
            "labelFontSize": FONT_SIZE,
            "titleFontSize": FONT_SIZE,
            "titleFontWeight": "normal",
            "titlePadding": 10,
            "labelPadding": 5,
            "labelLimit": 240,
            "labelSeparation": 8,
        }
        return {
            "background": "transparent",
            "font": FONT,
            "axis": axis,
            # As many ticks as fit, in a narrow window, too.
            "axisXQuantitative": {
                "tickCount": {"expr": "max(3, floor(width / 90))"},
                "labelFlush": False,
            },
            "axisYQuantitative": {"tickCount": {"expr": "max(3, floor(height / 50))"}},
            "view": {"stroke": None},
            "legend": {
                "labelColor": self.ink,
                "titleColor": self.ink,
                "labelFontSize": FONT_SIZE,
                "titleFontSize": FONT_SIZE,
                "labelLimit": 400,
                "orient": "top",
                "direction": "horizontal",
                "columnPadding": 16,
                "columns": {"expr": "width < 420 ? 2 : 0"},
                "symbolSize": 90,
                "symbolBaseStrokeColor": self.ink,
                "symbolBaseFillColor": "transparent",
                # Legends one below the other fit a narrow window.
                "layout": {"top": {"direction": "vertical", "anchor": "start", "margin": 6}},
            },
            "title": {
                "color": self.ink,
                "subtitleColor": self.muted,
                "fontSize": 15,
                "subtitleFontSize": FONT_SIZE,
                "anchor": "start",
                "frame": "group",
                "offset": 14,
                "subtitlePadding": 5,
            },
            "text": {"color": self.ink, "fontSize": FONT_SIZE},
            "rule": {"color": self.muted},
            "range": {"category": [self.ink, "#8A939D", SKY], "heatmap": list(self.heat)},
            "style": {
                "zone": {"color": self.zone},
                "halo": {"stroke": self.paper, "strokeWidth": 4},
                "published": {"color": self.ink},
                "on-heat": {"color": self.on_heat},
            },
        }


LIGHT = Theme(
    name="light",
    paper="#FFFFFF",
    ink="#1C2128",
    muted="#5B6570",
    line="#E3E7EB",
    zone="#EDF0F3",
    heat=("#F6F8FA", "#005A8F"),
    on_heat="#FFFFFF",
)

DARK = Theme(
    name="dark",
    paper="#161A1F",
    ink="#E8EBEF",
    muted="#A4ADB8",
    line="#323A44",
    zone="#272E37",
    heat=("#1C2229", "#6EC1F2"),
    on_heat="#0B0E11",
)


def arm_colours(arms: Iterable[str]) -> dict[str, str]:
    """A colour for each arm, the same in every figure.

    Args:
        arms: names of the arms, each once, in the experiment's order.

    Returns:
        Arm name to colour as hexadecimal RGB.

    Example:
        >>> arm_colours(["cnn-3x3", "another"])
        {'cnn-3x3': '#0072B2', 'another': '#56B4E9'}
    """
    further = cycle(_FURTHER_COLOURS)
    return {arm: _ARM_COLOURS.get(arm) or next(further) for arm in arms}


def arm_scale(arms: Iterable[str]) -> alt.Scale:
    """The colours of `arm_colours` as a chart's colour scale."""
    colours = arm_colours(arms)
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def in_lines(title: str) -> str | list[str]:
    """Wrap the title of a horizontal axis to fit a narrow window.

    Args:
        title: the title.

    Example:
        >>> in_lines("Test accuracy (%)"), in_lines("Consistency under shifts (%)")
        ('Test accuracy (%)', ['Consistency under shifts', '(%)'])
    """
    lines = textwrap.wrap(title, LONGEST_TITLE)
    return lines if len(lines) > 1 else title


def contrast_ratio(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Contrast ratio of two colours, as WCAG 2 defines it.

    Args:
        one: red, green and blue, 0 to 1.
        other: the other colour, likewise.

    Returns:
        The ratio, from 1 to 21.

    Example:
        >>> round(contrast_ratio((0, 0, 0), (1, 1, 1)), 3)
        21.0
    """
    dim, bright = sorted(map(_luminance, (one, other)))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: tuple[float, float, float]) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
