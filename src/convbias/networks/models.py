"""Build the networks of both families as the original study describes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from convbias.data import Dataset
from convbias.networks.initializers import GlorotUniform
from convbias.networks.layers import (
    AntialiasedPooling,
    AveragePooling,
    CircularPadding,
    Convolution,
    GlobalAveragePooling,
    LocalConnection,
    MaxPooling,
)
from convbias.spec.arms import Arm, Convolutional, Dense, Model
from convbias.spec.datasets import FASHION_MNIST, Dimensions
from convbias.spec.streams import Stream, generator


@dataclass(frozen=True)
class Architecture:
    """What the networks of one arm have in common: everything but their weights.

    Args:
        model: The family with its options.
        standardise: Mean and standard deviation of the pixels in [0, 1], see `build`.
        dimensions: What the networks take and give.
    """

    model: Model
    standardise: tuple[float, float] | None = None
    dimensions: Dimensions = FASHION_MNIST

    @classmethod
    def of(cls, arm: Arm, dataset: Dataset) -> Architecture:
        """The architecture that an arm trains on the data set that `vary` makes for it."""
        standardised = arm.recipe.standardised
        standardise = (dataset.pixel_mean, dataset.pixel_std) if standardised else None
        return cls(arm.model, standardise, arm.data.dimensions)

    def build(self, seed: int) -> keras.Sequential:
        """A network with weights drawn with the seed, see `build`."""
        return build(self.model, seed, self.standardise, self.dimensions)


def build(
    model: Model,
    seed: int,
    standardise: tuple[float, float] | None = None,
    dimensions: Dimensions = FASHION_MNIST,
) -> keras.Sequential:
    """Build a network with freshly drawn weights.

    Args:
        model: The family with its options.
        seed: Random seed of the initial weights and of dropout; two seeds share no stream.
        standardise: Mean and standard deviation of the pixels in [0, 1]; the network then begins
            with (x - mean) / deviation, so that it always takes pixels in [0, 1].
        dimensions: What the network takes and gives.

    Returns:
        A network from float32 (n, side, side, channels) in [0, 1] to float32 (n, classes)
        probabilities.

    Example:
        >>> build(Dense(), seed=0).count_params()
        109386
        >>> build(Convolutional(kernel_size=3), seed=0).count_params()
        28426
    """
    seeds = _seed_stream(seed)
    layers = _dense_layers(seeds) if isinstance(model, Dense) else _cnn_layers(model, seeds)
    classes = _dense(dimensions.classes, "softmax", "probabilities", seeds)
    scaling: list[keras.Layer] = []
    if standardise is not None:
        mean, deviation = standardise
        scaling = [keras.layers.Rescaling(1 / deviation, -mean / deviation, name="standardise")]
    shape = (dimensions.side, dimensions.side, dimensions.channels)
    return keras.Sequential(
        [keras.Input(shape, name="images"), *scaling, *layers, classes],
        name=model.name.replace("-", "_"),
    )


def _dense_layers(seeds: Iterator[int]) -> list[keras.Layer]:
    return [
        keras.layers.Flatten(name="flatten"),
        _dense(128, "relu", "dense_1", seeds),
        keras.layers.Dropout(0.2, seed=next(seeds), name="dropout_1"),
        _dense(64, "relu", "dense_2", seeds),
        keras.layers.Dropout(0.2, seed=next(seeds), name="dropout_2"),
    ]


def _cnn_layers(model: Convolutional, seeds: Iterator[int]) -> list[keras.Layer]:
    layers: list[keras.Layer] = []
    for number, filters in enumerate(model.filters, start=1):
        layers += _convolution(model, filters, number, seeds)
        layers += _downsampling(model, number)
    average = model.head == "average"
    return [
        *layers,
        GlobalAveragePooling(name="global_average")
        if average
        else keras.layers.Flatten(name="flatten"),
        _dense(128, "relu", "dense_1", seeds),
        keras.layers.Dropout(model.dropout, seed=next(seeds), name="dropout_1"),
    ]


def _convolution(
    model: Convolutional, filters: int, number: int, seeds: Iterator[int]
) -> list[keras.Layer]:
    name = f"conv_{number}"
    if model.sharing == "local":
        return [
            LocalConnection(
                filters, model.kernel_size, _glorot(seeds), name=name, trainable=not model.frozen
            )
        ]
    around = [CircularPadding(model.span // 2, name=f"around_{number}")]
    convolution = Convolution(
        filters,
        model.kernel_size,
        padding="same" if model.padding == "same" else "valid",
        strides=2 if model.downsampling == "stride" else 1,
        dilation_rate=model.dilation,
        activation="relu",
        kernel_initializer=_glorot(seeds),
        name=name,
        trainable=not model.frozen,
    )
    return [*(around if model.padding == "circular" else []), convolution]


def _downsampling(model: Convolutional, number: int) -> list[keras.Layer]:
    name = f"pool_{number}"
    if model.downsampling == "max":
        return [MaxPooling(2, name=name)]
    if model.downsampling == "average":
        return [AveragePooling(2, name=name)]
    if model.downsampling in ("blur", "polyphase"):
        circular = model.padding == "circular"
        return [AntialiasedPooling(model.downsampling, circular=circular, name=name)]
    return []


def _dense(units: int, activation: str, name: str, seeds: Iterator[int]) -> keras.Layer:
    return keras.layers.Dense(
        units,
        activation=activation,
        kernel_initializer=_glorot(seeds),
        name=name,
    )


def _glorot(seeds: Iterator[int]) -> Any:  # noqa: ANN401 - Keras annotates strings only
    return GlorotUniform(next(seeds))


def _seed_stream(seed: int) -> Iterator[int]:
    random = generator(seed, Stream.NETWORK)
    while True:
        yield int(random.integers(2**31))
