"""One figure as one file that a person can open or send on."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from convbias.errors import InputError, did_you_mean
from convbias.figures.base import Figure, png
from convbias.figures.theme import DARK, LIGHT
from convbias.runs.atomic import write_atomically

SUFFIXES = (".html", ".png", ".svg")

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
<source media="(prefers-color-scheme: dark)" srcset="{by_night}">
<img src="{by_day}" alt="{description}">
</picture>
<figcaption>{caption}</figcaption>
</figure>
"""


def check_suffix(path: Path) -> None:
    """Make sure that a file's name says what is to be written.

    Raises:
        InputError: It does not.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"a figure cannot be written as {path.name}",
            f"a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
            did_you_mean(path.suffix or path.name, SUFFIXES),
        )
    if path.is_dir():
        raise InputError(f"{path} is a folder", "the name of a file", "name a file in it")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure into one file, as its suffix says.

    Args:
        figure: The figure.
        path: `.svg` or `.png`, in light colours; or `.html`, in light or dark ones as the reader's
            screen has them, with caption and description.

    Raises:
        InputError: It has another suffix.
        StorageError: The folder is not writable or the disk is full.
    """
    check_suffix(path)
    contents = {".png": png, ".svg": _svg, ".html": _html}[path.suffix.lower()](figure)
    write_atomically(path, lambda file: file.write_bytes(contents))


def _svg(figure: Figure) -> bytes:
    # For those who cannot see it: the first two elements of the picture.
    start, opening, rest = figure.svg().partition("<svg ")
    attributes, end, content = rest.partition(">")
    words = (
        f"<title>{html.escape(figure.title)}</title><desc>{html.escape(figure.description)}</desc>"
    )
    return f'{start}{opening}role="img" {attributes}{end}{words}{content}'.encode()


def _html(figure: Figure) -> bytes:
    by_day, by_night = (
        f"data:image/svg+xml;base64,{base64.b64encode(figure.svg(theme).encode()).decode()}"
        for theme in (LIGHT, DARK)
    )
    return _PAGE.format(
        title=html.escape(figure.title),
        caption=html.escape(figure.caption),
        description=html.escape(figure.description),
        by_day=by_day,
        by_night=by_night,
        light=LIGHT,
        dark=DARK,
        font="system-ui, sans-serif",
    ).encode()
