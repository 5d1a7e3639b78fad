"""Write figures to files: SVG, PNG or a self-contained HTML page."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from convbias.errors import InputError, did_you_mean
from convbias.figures.figure import Figure
from convbias.figures.theme import DARK, LIGHT
from convbias.runs.atomic import write_atomically

SUFFIXES = (".html", ".png", ".svg")  # of figures
PICTURE = (".png",)  # without loss, so that it can be read again

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; color: {light.ink}; background: {light.paper}; font: 16px/1.5 {font} }}
figure {{ margin: 0 auto; width: fit-content; max-width: 100% }}
picture {{ display: block; overflow-x: auto }}
figcaption {{ max-width: 60em; padding: 16px }}
@media (prefers-color-scheme: dark) {{ body {{ color: {dark.ink}; background: {dark.paper} }} }}
</style>
<figure>
<picture>
<source media="(prefers-color-scheme: dark)" srcset="{dark_image}">
<img src="{light_image}" alt="{description}">
</picture>
<figcaption>{caption}</figcaption>
</figure>
"""


def save(figure: Figure, folder: Path) -> tuple[Path, Path]:
    """Write a figure as SVG and PNG, in light colours.

    Args:
        figure: the figure.
        folder: folder of the files; created if missing.

    Returns:
        The paths of `<name>.svg` and `<name>.png`.

    Raises:
        StorageError: the folder is not writable or the disk is full.
    """
    return write_images(folder / figure.name, figure.svg(), figure.png())


def write_images(path: Path, svg: str, png: bytes) -> tuple[Path, Path]:
    """Write a rendered figure.

    Args:
        path: path of both files, without suffix.
        svg: the figure as SVG text.
        png: the figure as a PNG file.

    Returns:
        The two paths.

    Raises:
        StorageError: the folder is not writable or the disk is full.
    """
    # Not with_suffix: a name may contain a dot.
    paths = path.parent / f"{path.name}.svg", path.parent / f"{path.name}.png"
    _write(paths[0], svg.encode())
    _write(paths[1], png)
    return paths


def check_suffix(path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Check that a figure or picture can be written to a path.

    Args:
        path: path of a file, which need not exist.
        suffixes: those of figures, or `PICTURE`.

    Raises:
        InputError: the suffix is another one, or the path is a folder.
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(
            f"{path.name} cannot be written: it ends in none of the known suffixes",
            f"a name that ends in {' or '.join(suffixes)}",
            did_you_mean(path.suffix or path.name, suffixes),
        )
    if path.is_dir():
        raise InputError(f"{path} is a folder", "the name of a file", "name a file in it")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure to one file, in the format given by the suffix.

    Args:
        figure: the figure.
        path: `.svg` or `.png` (light colours), or `.html` (light or dark, as the reader's system
            prefers; with caption and text alternative).

    Raises:
        InputError: the path has another suffix or is a folder.
        StorageError: the folder is not writable or the disk is full.
    """
    check_suffix(path)
    _write(path, {".png": Figure.png, ".svg": _svg, ".html": _html}[path.suffix.lower()](figure))


def write_picture(pixels: np.ndarray, path: Path) -> None:
    """Write a grey picture to a PNG file, pixel by pixel.

    Args:
        pixels: uint8 (height, width).
        path: `.png`.

    Raises:
        InputError: the path has another suffix or is a folder.
        StorageError: the folder is not writable or the disk is full.
    """
    check_suffix(path, PICTURE)
    write_atomically(path, Image.fromarray(pixels).save)


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda file: file.write_bytes(content))


def _svg(figure: Figure) -> bytes:
    # Screen readers read title and description when they are the first elements.
    start, opening, rest = figure.svg().partition("<svg ")
    attributes, end, content = rest.partition(">")
    words = (
        f"<title>{html.escape(figure.title)}</title><desc>{html.escape(figure.description)}</desc>"
    )
    return f'{start}{opening}role="img" {attributes}{end}{words}{content}'.encode()


def _html(figure: Figure) -> bytes:
    light_image, dark_image = (
        f"data:image/svg+xml;base64,{base64.b64encode(figure.svg(theme).encode()).decode()}"
        for theme in (LIGHT, DARK)
    )
    return _PAGE.format(
        title=html.escape(figure.title),
        caption=html.escape(figure.caption),
        description=html.escape(figure.description),
        light_image=light_image,
        dark_image=dark_image,
        light=LIGHT,
        dark=DARK,
        font="system-ui, sans-serif",
    ).encode()
