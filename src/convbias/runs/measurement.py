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

# Ends the name of a value that says on how many test images others were measured.
IMAGES = "_images"

# By measure: how many test images it took before measurements said so. A data set may have fewer.
_BEFORE_RECORDED = {
    "embedding": {"embedding": 8},
    "equivariance_error": {"equivariance_error": 128},
    "lie_derivative": {"lie_derivative": 64},
    "linear_probe": {"linear_probe": 2_000},
    "location_test": {"location_test": 10_000},  # all of two classes
    "receptive_field": {"receptive_field": 128},
    "shift_consistency": {"shift_consistency": 500, "exact_control": 24},
}


class Measurement(Description, frozen=True, arbitrary_types_allowed=True):
    """The values and arrays that one measure computed for one trained network."""

    measurement_format: Literal[2] = MEASUREMENT_FORMAT
    measure: str = Field(description="Name of a module of `convbias.measures`.")
    run: str = Field(description="Key of the run whose network was measured.")
    weights_checksum: str | None = Field(description="As in the run: of the weights measured.")
    values: dict[str, float]
    pictures: dict[str, Float16Array] = Field(description="Arrays that figures show.")
    code_version: str

    def image_counts(self, scored: int) -> dict[str, int]:
        """On how many test images it was taken.

        Args:
            scored: How many test images its network was scored on.

        Returns:
            The measure's name, and that of a part with another number, to the number of images;
            empty for a measure that needs none.
        """
        recorded = {
            name.removesuffix(IMAGES): int(value)
            for name, value in self.values.items()
            if name.endswith(IMAGES)
        }
        before = _BEFORE_RECORDED.get(self.measure, {})
        return recorded or {name: min(count, scored) for name, count in before.items()}
