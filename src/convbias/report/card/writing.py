"""The card as Markdown for people and the Hugging Face Hub, and as JSON for programs."""

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
from convbias.spec.datasets import IMAGE_SIDE
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS

NAME = "model-card"
FIGURES = "figures"  # folder beside the card

# As the Hub calls it, see https://huggingface.co/datasets.
_HUB_NAME = "zalando-datasets/fashion_mnist"


def write_card(card: ModelCard, figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write a card; an earlier one in the same folder is replaced.

    Args:
        card: What it says.
        figures: From `convbias.report.card.figures.figures`.
        folder: Receives `model-card.md`, `model-card.json`, `model-card.schema.json` with what each
            key of the latter means, and `figures/`; made where it is missing.

    Returns:
        The paths of the three files.

    Raises:
        StorageError: The folder is not writable or the disk is full.
    """
    for name, figure in figures.items():
        write_figure(figure, folder / FIGURES / f"{name}.svg")
    contents = {
        ".json": card.model_dump_json(indent=2),
        ".schema.json": json.dumps(ModelCard.model_json_schema(), indent=2),
        # Last, so that a card is there only when everything it shows is.
        ".md": markdown(card, figures),
    }
    for suffix, content in contents.items():
        write_atomically(folder / f"{NAME}{suffix}", partial(_write, f"{content.rstrip()}\n"))
    return [folder / f"{NAME}{suffix}" for suffix in (".md", ".json", ".schema.json")]


def markdown(card: ModelCard, figures: Mapping[str, Figure]) -> str:
    """The card as Markdown, with the metadata of the Hugging Face Hub in front.

    Args:
        card: What it says.
        figures: Whose files stand in the folder `figures` beside it.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("convbias.report.card"),
        autoescape=False,  # noqa: S701 - Markdown, of the project's own names and numbers
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"yaml": yaml_scalar, "cell": cell, "share": text.share}
    return environment.get_template("model-card.md.j2").render(
        card=card,
        figures=figures,
        folder=FIGURES,
        name=NAME,
        text=text,
        side=IMAGE_SIDE,
        drawn=card.data.dataset == "drawn",
        hub_name=_HUB_NAME,
        accuracy=TEST_ACCURACY,
        loss=TEST_LOSS,
    )


def yaml_scalar(value: float | str) -> str:
    """A number or a text as YAML reads it back unchanged.

    Example:
        >>> print(yaml_scalar(0.00001), yaml_scalar("a: b"))
        0.00001 "a: b"
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    # Readers of YAML 1.1 take an exponent without a point for a text.
    return np.format_float_positional(value, trim="0")


def cell(value: object) -> str:
    r"""A text that can stand in a cell of a Markdown table.

    Example:
        >>> print(cell("a | b"))
        a \| b
    """
    return " ".join(str(value).split()).replace("|", "\\|")


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
