"""The record of one measure on one run's network; it stands beside the run, never in it.

A run is what training gave. What is measured on its network afterwards may be measured anew, or
something else may be, without training again.
"""

from __future__ import annotations

import base64
import zlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PlainSerializer, PlainValidator

from convbias.spec.description import Description

MEASUREMENT_FORMAT = 1


def _encode(array: np.ndarray) -> dict[str, object]:
    compressed = zlib.compress(array.tobytes(), level=9)
    return {"shape": array.shape, "float16": base64.b64encode(compressed).decode("ascii")}


def _decode(value: object) -> np.ndarray:
    if isinstance(value, dict):
        data = zlib.decompress(base64.b64decode(value["float16"]))
        value = np.frombuffer(data, dtype="<f2").reshape(value["shape"])
    array = np.asarray(value, dtype="<f2")
    array.flags.writeable = False
    return array


Picture = Annotated[np.ndarray, PlainValidator(_decode), PlainSerializer(_encode)]


class Measurement(Description, frozen=True, arbitrary_types_allowed=True):
    """What one measure found on one trained network."""

    measurement_format: Literal[1] = MEASUREMENT_FORMAT
    measure: str
    run: str = Field(description="Key of the run whose network was measured.")
    weights_checksum: str | None = Field(description="As in the run: of the weights measured.")
    values: dict[str, float]
    pictures: dict[str, Picture] = Field(description="float16 arrays, as the measure names them.")
    code_version: str
