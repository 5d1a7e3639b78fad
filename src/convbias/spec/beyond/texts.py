"""Descriptions of what is trained on texts: text, model and recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convbias.spec.description import Description

ScoredPart = Literal["test", "validation"]


class TextTask(Description, frozen=True):
    """Tell every character of a text from those before it.

    What is scored are blocks of the text, each by the mean over its characters. All of them have
    at least as many characters before them, in the same part of the text, as a block has.
    """

    kind: Literal["text"] = "text"
    text: Literal["tiny-shakespeare"] = "tiny-shakespeare"

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the text; nothing ever is."""
        return {}

    @property
    def data(self) -> str:
        """The name of the data."""
        return self.text

    @property
    def name(self) -> str:
        """What tables call the data."""
        return self.text


class NGram(Description, frozen=True):
    """Counts of what follows the last characters, interpolated by Witten and Bell's method."""

    family: Literal["n-gram"] = "n-gram"
    order: int = Field(ge=1, le=9, description="One more than the characters that are seen.")

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return f"{self.order}-gram"


class TextRecipe(Description, frozen=True):
    """How networks of texts are trained: Adam on windows drawn from the training part.

    The learning rate rises over the first tenth of the steps, and falls along half a cosine.
    """

    name: Literal["windows"] = "windows"
    learning_rate: float = Field(gt=0, le=1, description="Its peak.")
    steps: int = Field(ge=1)
    windows: int = Field(ge=1, description="In a step.")
    block: int = Field(
        default=128,
        ge=1,
        description="Characters of a scored block. A window has twice as many: trained on are all,"
        " scored those of the second half, which have a block before them.",
    )
    scored_on: ScoredPart = "test"

    @property
    def epochs(self) -> int:
        """Parts of the training after which progress is told."""
        return 1


class CountRecipe(Description, frozen=True):
    """How n-grams are made: the training part is counted."""

    name: Literal["counts"] = "counts"
    block: int = Field(default=128, ge=1, description="Characters of a scored block.")
    scored_on: ScoredPart = "test"

    @property
    def epochs(self) -> int:
        """Parts of the training after which progress is told."""
        return 1
