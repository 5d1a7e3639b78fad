"""What is recorded of a network while it trains and when it is finished: losses and accuracies."""

from __future__ import annotations

import base64
import zlib
from typing import Annotated

import numpy as np
from pydantic import Field, PlainSerializer, PlainValidator

from convbias.spec.description import Description


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), level=9)).decode("ascii")


def _decoder(dtype: str):  # noqa: ANN202 - the closure's type is clear from its one use
    def decode(value: object) -> np.ndarray:
        if isinstance(value, str):
            value = np.frombuffer(zlib.decompress(base64.b64decode(value)), dtype=dtype)
        array = np.asarray(value, dtype=dtype)
        array.flags.writeable = False
        return array

    return decode


def _if_kept(dtype: str) -> tuple[PlainValidator, PlainSerializer]:
    decode = _decoder(dtype)
    return (
        PlainValidator(lambda value: None if value is None else decode(value)),
        PlainSerializer(lambda values: None if values is None else _encode(values)),
    )


Bytes = Annotated[np.ndarray, PlainValidator(_decoder("<u1")), PlainSerializer(_encode)]
BytesIfKept = Annotated[np.ndarray | None, *_if_kept("<u1")]
HalfFloatsIfKept = Annotated[np.ndarray | None, *_if_kept("<f2")]


class Epoch(Description, frozen=True):
    """One pass over the training images, or as many of them as the recipe counts as an epoch.

    `train_*` are means over the epoch's batches while the weights move and dropout is active, as
    Keras' own progress bar shows them; `validation_*` come after the epoch, without dropout.
    """

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


class Scores(Description, frozen=True):
    """Loss (nats per image) and accuracy (0 to 1) of the finished network on one set of images."""

    images: int
    loss: float
    accuracy: float


class PerImage(Description, frozen=True, arbitrary_types_allowed=True):
    """What the finished network did with every single scored image, in the data set's order.

    Published runs leave out what nothing asks of them, for it takes most of their space.
    """

    images: int | None = Field(
        default=None, description="n, how many; said only where no predictions are kept."
    )
    correct_bits: Bytes = Field(description="uint8 (ceil(n / 8),): np.packbits of correctness.")
    predicted: BytesIfKept = Field(default=None, description="uint8 (n,): the predicted class.")
    loss: HalfFloatsIfKept = Field(default=None, description="float16 (n,): cross-entropy in nats.")

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.predicted) if self.predicted is not None else self.images or 0

    @property
    def correct(self) -> np.ndarray:
        """Boolean (n,): whether each image was classified correctly."""
        return np.unpackbits(self.correct_bits, count=self.count).astype(bool)
