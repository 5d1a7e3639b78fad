"""What an exported network takes and gives, from the record of its export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from convbias.errors import InputError
from convbias.spec.datasets import Conversion, InputForm


class _Input(BaseModel):
    shape: tuple[None, int, int, int]
    conversion: Conversion = "light-on-black"  # of exports that do not say it


class _Output(BaseModel):
    classes: tuple[str, ...] = Field(min_length=2)


class Signature(BaseModel, frozen=True):
    """What an exported network takes and gives."""

    input: _Input
    output: _Output
    dataset: str = "fashion-mnist"  # of exports that do not say it

    @property
    def form(self) -> InputForm:
        """The images that it takes."""
        _, side, _, channels = self.input.shape
        return InputForm(side, channels, self.input.conversion)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes whose probabilities it gives."""
        return self.output.classes


def signature_of(identity: Mapping[str, Any]) -> Signature:
    """What an exported network takes and gives.

    Args:
        identity: the record of `convbias export`, which an archive holds.

    Raises:
        InputError: The record does not say it.
    """
    try:
        found = Signature.model_validate(identity)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            f"the export's record has no valid {where}",
            "the shape of the images and the names of the classes",
            "export the run again",
        ) from error
    _, height, width, channels = found.input.shape
    if not 0 < height == width or channels not in (1, 3):
        raise InputError(
            f"the export's record says that images have {height} x {width} x {channels} numbers",
            "square images with 1 or 3 channels",
            "export the run again",
        )
    return found
