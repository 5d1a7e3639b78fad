"""The record of one measure of one run's network, stored beside the run.

A run's record holds what training gave. Its network can be measured later, and again, without
training.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convbias.spec.arrays import Float16Array
from convbias.spec.description import Description

MEASUREMENT_FORMAT = 2


class Measurement(Description, frozen=True, arbitrary_types_allowed=True):
    """The values and arrays that one measure computed for one trained network."""

    measurement_format: Literal[2] = MEASUREMENT_FORMAT
    measure: str = Field(description="Name of a module of `convbias.measures`.")
    run: str = Field(description="Key of the run whose network was measured.")
    weights_checksum: str | None = Field(description="As in the run: of the weights measured.")
    values: dict[str, float]
    pictures: dict[str, Float16Array] = Field(description="Arrays that figures show.")
    code_version: str
