"""Losses and accuracies that are recorded during and after training."""

from __future__ import annotations

from pydantic import Field

from convbias.spec.arrays import BoolArray, Float16Array, LabelArray
from convbias.spec.description import Description


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
    """The finished network's prediction for every scored image, in the data set's order.

    Published runs leave out predictions and losses that no table or figure needs, because they take
    most of the space.
    """

    correct: BoolArray = Field(description="(n,): whether the image was classified correctly.")
    predicted: LabelArray | None = Field(default=None, description="(n,): the predicted class.")
    loss: Float16Array | None = Field(default=None, description="(n,): cross-entropy in nats.")
