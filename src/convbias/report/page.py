"""From text and figures to one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
import vl_convert
from markupsafe import Markup, escape
from PIL import Image

from convbias.figures import DARK, LIGHT, Figure, ImageGrid
from convbias.figures.base import png
from convbias.figures.grids import Drawing
from convbias.figures.rendering import Pictures
from convbias.figures.rendering import draw as draw_chart

THEMES = (LIGHT, DARK)


@dataclass(frozen=True)
class Still:
    """A chart as a picture, for readers without JavaScript and for print.

    Args:
        light: Address of the picture in light colours, which holds the picture itself.
        dark: The same in dark colours.
        width: Pixels at display size.
        height: Pixels at display size.
    """

    light: str
    dark: str
    width: int
    height: int


@dataclass(frozen=True)
class Drawn:
    """A figure as the template takes it.

    Args:
        figure: With its words.
        number: Its place in the report.
        still: The chart or sheet as a picture; None for a grid of images.
        svg: The figure as a file, scalable.
        png: The same in pixels.
    """

    figure: Figure
    number: int
    still: Still | None
    svg: str
    png: bytes


def start_drawing(figures: Iterable[Figure], painters: Executor) -> dict[str, Future[Pictures]]:
    """Have charts drawn while other things are done.

    Args:
        figures: Those that are no charts are left to `draw`.
        painters: Who draws, see `convbias.figures.rendering.painters`.

    Returns:
        What is being drawn, by name.
    """
    return {
        figure.name: painters.submit(draw_chart, figure.chart())
        for figure in figures
        if not isinstance(figure.drawing, Drawing)
    }


def draw(figures: Iterable[Figure], started: Mapping[str, Future[Pictures]]) -> dict[str, Drawn]:
    """Number the figures and gather their pictures.

    Args:
        figures: In the order in which the report shows them.
        started: The charts among them, which are being drawn.

    Returns:
        By name.
    """
    numbered = list(enumerate(figures, start=1))
    # Drawn here, so before waiting for what is drawn elsewhere.
    here = {
        figure.name: _drawn(figure, number)
        for number, figure in numbered
        if figure.name not in started
    }
    return {
        figure.name: here.get(figure.name)
        or _from_pictures(figure, number, started[figure.name].result())
        for number, figure in numbered
    }


def _drawn(figure: Figure, number: int) -> Drawn:
    still = None
    if not isinstance(figure.drawing, ImageGrid):
        still = _still(*(figure.svg(theme, titled=False) for theme in THEMES))
    return Drawn(figure, number, still, figure.svg(), png(figure))


def _from_pictures(figure: Figure, number: int, pictures: Pictures) -> Drawn:
    still = _still(pictures.by_day, pictures.by_night)
    return Drawn(figure, number, still, pictures.svg, pictures.png)


def specifications(drawn: Mapping[str, Drawn]) -> dict[str, Any]:
    """The charts in Vega-Lite's JSON, as wide as the page allows.

    Args:
        drawn: By name.
    """
    return {
        name: one.figure.specification() | {"width": "container"}
        for name, one in drawn.items()
        if not isinstance(one.figure.drawing, Drawing)
    }


def render(template: str, drawn: Mapping[str, Drawn], **values: Any) -> str:  # noqa: ANN401
    """Fill a template.

    Args:
        template: File name of the template.
        drawn: The figures by name.
        **values: What else the template names.

    Returns:
        An HTML document that loads nothing.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("convbias.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tile": tile_address,
        "slug": slug,
        "script_json": script_json,
        "typeset": typeset,
    }
    return environment.get_template(template).render(
        drawn=drawn,
        specifications=specifications(drawn),
        themes={theme.name: theme.config for theme in THEMES},
        style=_asset(environment, "report.css"),
        script=_asset(environment, "charts.js"),
        **values,
    )


def _asset(environment: jinja2.Environment, name: str) -> Markup:
    assert environment.loader is not None  # noqa: S101 - for the type checker
    # The project's own file, so nothing in it needs to be escaped.
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def start_bundling(painters: Executor) -> Future[str]:
    """Have Vega, Vega-Lite and Vega-Embed put into one script, which takes seconds."""
    return painters.submit(vl_convert.javascript_bundle, "window.vegaEmbed = vegaEmbed;")


def libraries(bundle: str) -> Markup:
    """A script, fit to stand inside a script element."""
    return Markup(bundle.replace("</script", "<\\/script"))  # noqa: S704 - the libraries' own text


def _still(light: str, dark: str) -> Still:
    opening = re.search(r'<svg[^>]*? width="([\d.]+)(?:pt)?" height="([\d.]+)(?:pt)?"', light)
    width, height = (round(float(side)) for side in opening.groups()) if opening else (640, 400)
    return Still(_svg_address(light), _svg_address(dark), width, height)


def _svg_address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def tile_address(image: np.ndarray) -> str:
    """A small grey image as an address that holds the image itself.

    Args:
        image: Numbers (height, width), 0 (black) to 255 (white).
    """
    file = io.BytesIO()
    Image.fromarray(image.round().astype(np.uint8)).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def slug(text: str) -> str:
    """Text as the name of an anchor.

    Example:
        >>> slug("baseline-accuracy / loss")
        'baseline-accuracy-loss'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def typeset(text: str) -> Markup:
    """Text as HTML with true minus signs, and without line breaks inside names and quantities.

    Example:
        >>> print(typeset("-1 nats"), typeset("a < b"))
        −1 nats a &lt; b
        >>> print(typeset("cnn-3x3"))
        <span class="nowrap">cnn-3x3</span>
    """
    html = str(escape(text))
    html = re.sub(r"(?<![\w.-])-(?=\d)", "−", html)
    html = re.sub(r"(?<=\d) (?=%)", "\u00a0", html)
    html = re.sub(r"\bcnn-\d+x\d+\b", r'<span class="nowrap">\g<0></span>', html)
    return Markup(html)  # noqa: S704 - escaped above


def script_json(value: Any) -> Markup:  # noqa: ANN401
    """A value as JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no tag can begin
