"""Write a model card as Markdown (for readers and the Hugging Face Hub) and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import jinja2
import numpy as np

from convbias.figures import Figure, write_figure
from convbias.report.card import text
from convbias.report.card.contents import ModelCard
from convbias.runs.atomic import write_atomically
from convbias.spec.datasets import description_of
from convbias.spec.formatting import counted, percent
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS

NAME = "model-card"
FIGURES = "figures"  # folder beside the card

# The data set's name on the Hub, see https://huggingface.co/datasets.


def write_card(card: ModelCard, figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write a card, replacing an earlier one in the same folder.

    Args:
        card: the card.
        figures: from `convbias.report.card.figures.figures`.
        folder: folder for `model-card.md`, `model-card.json`, `model-card.schema.json` (a
            description of each JSON key) and `figures/`; created if missing.

    Returns:
        The paths of the three files.

    Raises:
        StorageError: the folder is not writable or the disk is full.
    """
    for name, figure in figures.items():
        write_figure(figure, folder / FIGURES / f"{name}.svg")
    contents = {
        ".json": card.model_dump_json(indent=2),
        ".schema.json": json.dumps(ModelCard.model_json_schema(), indent=2),
        # Last, so that the card exists only with everything it shows.
        ".md": markdown(card, figures),
    }
    for suffix, content in contents.items():
        write_atomically(folder / f"{NAME}{suffix}", partial(_write, f"{content.rstrip()}\n"))
    return [folder / f"{NAME}{suffix}" for suffix in (".md", ".json", ".schema.json")]


def markdown(card: ModelCard, figures: Mapping[str, Figure]) -> str:
    """Render the card as Markdown, with a front matter for the Hugging Face Hub.

    Args:
        card: the card.
        figures: figures whose files are in the folder `figures` beside it.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("convbias.report.card"),
        autoescape=False,  # noqa: S701 - Markdown with the project's own names and numbers
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "yaml": yaml_scalar,
        "cell": cell,
        "percent": percent,
        "counted": counted,
    }
    return environment.get_template("model-card.md.j2").render(
        card=card,
        figures=figures,
        folder=FIGURES,
        name=NAME,
        text=text,
        drawn=card.data.dataset == "drawn",
        described=description_of(card.arm.data.dataset),
        accuracy=TEST_ACCURACY,
        loss=TEST_LOSS,
    )


def yaml_scalar(value: float | str) -> str:
    """Write a number or text as a YAML scalar that is read back unchanged.

    Example:
        >>> print(yaml_scalar(0.00001), yaml_scalar("a: b"))
        0.00001 "a: b"
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    # YAML 1.1 parsers read an exponent without a point as text.
    return np.format_float_positional(value, trim="0")


def cell(value: object) -> str:
    r"""Escape text for a cell of a Markdown table.

    Example:
        >>> print(cell("a | b"))
        a \| b
    """
    return " ".join(str(value).split()).replace("|", "\\|")


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
