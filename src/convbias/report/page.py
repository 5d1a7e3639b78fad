"""Render a template and its figures as one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup, escape
from PIL import Image

from convbias.figures import DARK, LIGHT, Figure, ImageGrid
from convbias.figures.charts import Charts, rendering
from convbias.figures.drawing import Drawing
from convbias.figures.rendering import ChartImages, ChartVersions
from convbias.runs.engines.here import Here
from convbias.spec.formatting import counted, p_value_text

THEMES = (LIGHT, DARK)


@dataclass(frozen=True)
class StaticImage:
    """A chart as an image, for readers without JavaScript and for print.

    Args:
        light: data URL of the image in light colours.
        dark: data URL of the image in dark colours.
        width: pixels at display size.
        height: pixels at display size.
    """

    light: str
    dark: str
    width: int
    height: int


@dataclass(frozen=True)
class NumberedFigure:
    """A rendered figure with its number in the report.

    Args:
        figure: the figure.
        number: its number in the report, from 1.
        static: the chart or sheet as an image; None for a grid of images.
        svg: the figure as SVG text, for a file.
        png: the figure as a PNG file.
    """

    figure: Figure
    number: int
    static: StaticImage | None
    svg: str
    png: bytes


def chart_versions(figures: Iterable[Figure]) -> dict[str, ChartVersions]:
    """Name to versions of the charts among figures; the others are left to `number_figures`.

    Args:
        figures: all figures.
    """
    return {
        figure.name: figure.chart_versions()
        for figure in figures
        if not isinstance(figure.drawing, Drawing)
    }


def number_figures(figures: Iterable[Figure], charts: Charts) -> dict[str, NumberedFigure]:
    """Number the figures and render those that are not charts.

    Args:
        figures: in the order of the report.
        charts: the charts among them, which were started to be rendered.

    Returns:
        Figure name to the rendered figure.
    """
    numbered = list(enumerate(figures, start=1))
    # First what this process renders, while others render the charts.
    here = {
        figure.name: _rendered(figure, number)
        for number, figure in numbered
        if isinstance(figure.drawing, Drawing)
    }
    images = charts.images()
    return {
        figure.name: here.get(figure.name) or _from_images(figure, number, images[figure.name])
        for number, figure in numbered
    }


def draw_here(figures: Iterable[Figure], folder: Path) -> tuple[dict[str, NumberedFigure], Markup]:
    """Number and render figures in this process, which is faster for a few.

    Args:
        figures: in the order of the report.
        folder: of the report.

    Returns:
        Figure name to the rendered figure, and the script that draws charts in a browser.
    """
    figures = list(figures)
    with rendering(Here(), folder) as charts:
        charts.start(chart_versions(figures))
        return number_figures(figures, charts), libraries(charts.libraries())


def _rendered(figure: Figure, number: int) -> NumberedFigure:
    static = None
    if not isinstance(figure.drawing, ImageGrid):
        static = _static_image(*(figure.svg(theme, titled=False) for theme in THEMES))
    return NumberedFigure(figure, number, static, figure.svg(), figure.png())


def _from_images(figure: Figure, number: int, images: ChartImages) -> NumberedFigure:
    static = _static_image(images.light, images.dark)
    return NumberedFigure(figure, number, static, images.svg, images.png)


def specifications(figures: Mapping[str, NumberedFigure]) -> dict[str, Any]:
    """The charts as Vega-Lite specifications that fill the width of the page.

    Args:
        figures: figure name to figure.
    """
    return {
        name: one.figure.specification() | {"width": "container"}
        for name, one in figures.items()
        if not isinstance(one.figure.drawing, Drawing)
    }


def fill_template(template: str, figures: Mapping[str, NumberedFigure], **values: Any) -> str:  # noqa: ANN401
    """Render a template.

    Args:
        template: file name of the template.
        figures: figure name to figure.
        **values: further variables of the template.

    Returns:
        An HTML document that loads no other resource.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("convbias.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tile": png_data_url,
        "slug": slug,
        "script_json": script_json,
        "typeset": typeset,
        "counted": counted,
        "p_value": p_value_text,
    }
    return environment.get_template(template).render(
        figures=figures,
        specifications=specifications(figures),
        themes={theme.name: theme.config for theme in THEMES},
        style=_asset(environment, "report.css"),
        script=_asset(environment, "charts.js"),
        **values,
    )


def _asset(environment: jinja2.Environment, name: str) -> Markup:
    assert environment.loader is not None  # noqa: S101 - for the type checker
    # A file of this package: nothing in it needs escaping.
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def libraries(bundle: str) -> Markup:
    """Escape a script for use inside a script element."""
    return Markup(bundle.replace("</script", "<\\/script"))  # noqa: S704 - the libraries' own code


def _static_image(light: str, dark: str) -> StaticImage:
    opening = re.search(r'<svg[^>]*? width="([\d.]+)(?:pt)?" height="([\d.]+)(?:pt)?"', light)
    width, height = (round(float(side)) for side in opening.groups()) if opening else (640, 400)
    return StaticImage(_svg_data_url(light), _svg_data_url(dark), width, height)


def _svg_data_url(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def png_data_url(image: np.ndarray) -> str:
    """Encode a small grey image as a PNG data URL.

    Args:
        image: numbers (height, width), 0 (black) to 255 (white).
    """
    file = io.BytesIO()
    Image.fromarray(image.round().astype(np.uint8)).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def slug(text: str) -> str:
    """Turn text into an anchor name.

    Example:
        >>> slug("baseline-accuracy / loss")
        'baseline-accuracy-loss'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def typeset(text: str) -> Markup:
    """Escape text for HTML, with true minus signs and no line breaks inside names and quantities.

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
    """Encode a value as JSON for use inside a script element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no tag can start
