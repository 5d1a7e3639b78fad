"""The record of one run: an arm trained once with one seed.

Everything that any table, figure or sentence prints is reachable from these records, so none of
them needs training to be rebuilt.
"""

from __future__ import annotations

import base64
import zlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PlainSerializer, PlainValidator

from convbias.spec.arms import Arm
from convbias.spec.description import Description

RECORD_FORMAT = 1


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


class Cost(Description, frozen=True):
    """What the run took on the machine it ran on; never part of a reproducible table.

    Of seeds that trained together, each counts an equal share of the time.
    """

    wall_seconds: float = Field(description="From drawing the network to its scores.")
    training_seconds: float = Field(description="All epochs with validation, without compilation.")
    compile_seconds: float = Field(description="0 when an earlier run of the arm had compiled.")
    images_per_second: float = Field(
        description="Training images through the fastest epoch, of all seeds that trained together."
    )
    peak_memory_bytes: int = Field(description="Largest resident size of the process so far.")
    finished_at: str = Field(description="UTC, ISO 8601.")


class Environment(Description, frozen=True):
    """What the numbers may depend on beside arm and seed."""

    python: str
    platform: str
    processor: str
    cores: int
    threads: int = Field(description="Threads that the run could compute with.")
    accelerator: str = Field(description="JAX device kind.")
    versions: dict[str, str] = Field(description="Distribution name to version.")

    @property
    def device(self) -> str:
        """What computed: the accelerator, or the processor where there is none."""
        return self.processor if self.accelerator == "cpu" else self.accelerator


class Run(Description, frozen=True):
    """An arm trained once with one seed."""

    record_format: Literal[1] = RECORD_FORMAT
    arm_name: str
    arm_hash: str
    arm: Arm
    seed: int
    status: Literal["finished", "diverged"]
    reason: str | None = Field(default=None, description="Why a diverged run stopped.")
    epochs: tuple[Epoch, ...]
    train: Scores | None = Field(
        description="Dropout off, on as many training images as there are validation images."
    )
    validation: Scores | None
    test: Scores | None = Field(description="Absent when the arm is scored on validation only.")
    per_image: PerImage | None = Field(description="Of the test images.")
    measures: dict[str, float] = Field(description="Named numbers from `convbias.measures`.")
    data_checksum: str = Field(description="SHA-256 over the data set's four arrays.")
    weights_checksum: str | None = Field(description="SHA-256 over the trained weights' bytes.")
    code_version: str
    environment: Environment
    cost: Cost

    @property
    def key(self) -> str:
        """The run's name in the store: arm hash and seed."""
        return run_key(self.arm, self.seed)


def run_key(arm: Arm, seed: int) -> str:
    """Name a run before it exists.

    Example:
        >>> from convbias.spec.arms import Dense, DataVariant, Recipe
        >>> recipe = Recipe(name="classic", epochs=1, learning_rate=1e-3)
        >>> arm = Arm(data=DataVariant(dataset="drawn"), model=Dense(), recipe=recipe)
        >>> run_key(arm, 7) == f"{arm.hash}-seed7"
        True
    """
    return f"{arm.hash}-seed{seed}"
