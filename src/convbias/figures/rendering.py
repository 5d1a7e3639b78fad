"""Render charts as SVG and PNG.

Vega-Lite is rendered by a JavaScript engine that blocks Python, so that threads do not help. Every
process imports this module, so it imports little.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs
import vl_convert

from convbias.errors import StorageError
from convbias.runs.atomic import write_atomically

PNG_SCALE = 2.0  # pixels of the PNG file per pixel at display size

# A Vega-Lite specification and the configuration that colours it.
StyledSpecification = tuple[dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class ChartVersions:
    """The specifications of a chart for a page and for files.

    Args:
        light: in light colours, without title, for a page.
        dark: in dark colours, without title, for a page.
        titled: in light colours, with title and background, for files.
    """

    light: StyledSpecification
    dark: StyledSpecification
    titled: StyledSpecification


@dataclass(frozen=True)
class ChartImages:
    """A rendered chart.

    Args:
        light: SVG text in light colours, without title.
        dark: SVG text in dark colours, without title.
        svg: SVG text with title, in light colours.
        png: the same as a PNG file.
    """

    light: str
    dark: str
    svg: str
    png: bytes


def svg(styled: StyledSpecification) -> str:
    """Render a chart as SVG text."""
    specification, config = styled
    return vl_convert.vegalite_to_svg(specification, config=config)


def png(svg: str) -> bytes:
    """Convert SVG text to a PNG file, at twice its size on the screen."""
    return vl_convert.svg_to_png(svg, scale=PNG_SCALE)


def render_chart(chart: ChartVersions) -> ChartImages:
    """Render a chart for a page and for files."""
    titled = svg(chart.titled)
    return ChartImages(svg(chart.light), svg(chart.dark), titled, png(titled))


def chart_libraries() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that defines `vegaEmbed`.

    It is kept in the user's cache folder, because bundling it takes seconds.
    """
    name = f"vega-{version('vl-convert-python')}.js"
    path = Path(platformdirs.user_cache_dir("convbias")) / name
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    with suppress(StorageError):  # the next report bundles it again
        write_atomically(path, lambda file: file.write_text(script, encoding="utf-8"))
    return script


def render_unit(
    _folder: Path, _report: object, name: str, chart: ChartVersions
) -> tuple[str, ChartImages]:
    """`render_chart` as a unit of work; returns the chart's name, too."""
    return name, render_chart(chart)


def libraries_unit(_folder: Path, _report: object) -> str:
    """`chart_libraries` as a unit of work."""
    return chart_libraries()
