"""Networks that read sequences: every output sees its own position and earlier ones only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.networks.beyond.layers import Convolution1D, PositionwiseDense
from convbias.networks.initializers import GlorotUniform
from convbias.spec.beyond.causal import (
    CausalAttention,
    CausalConvolution,
    CausalModel,
    GatedRecurrence,
)

LONGEST_WAVE = 10_000  # positions, over 2 pi; as in the source of `Positions`


def build(
    model: CausalModel, inputs: int, outputs: int, seeds: Iterator[int], last_of: int | None = None
) -> keras.Model:
    """Build a network with freshly drawn weights.

    Args:
        model: The model.
        inputs: Numbers at each position.
        outputs: Likewise.
        seeds: Random seeds of the layers' initial weights.
        last_of: Length of the sequences of which only the last output is wanted; convolutions then
            compute only what that output depends on.

    Returns:
        A network from float32 (n, length, inputs) to float32 (n, length, outputs), for any length;
        to float32 (n, outputs) where only the last output is wanted.

    Example:
        >>> build(CausalConvolution(width=4, layers=2), 3, 5, iter(range(9))).count_params()
        145
    """
    sequences = keras.Input((last_of, inputs), name="sequences")
    found: Any = sequences
    if isinstance(model, GatedRecurrence):
        found = keras.layers.GRU(
            model.width,
            return_sequences=last_of is None,
            kernel_initializer=_glorot(seeds),
            recurrent_initializer=_orthogonal(seeds),
            seed=next(seeds),
            name="recurrence",
        )(found)
    elif isinstance(model, CausalConvolution):
        if last_of is not None:
            found = found[:, -min(last_of, model.receptive_field) :]
        found = _dense(model.width, "channels", seeds)(found)
        for number in range(1, model.layers + 1):
            found = _convolved(model, found, number, seeds, last=last_of is not None)
    else:
        found = _dense(model.width, "channels", seeds)(found)
        if model.positions == "added":
            found = Positions(name="positions")(found)
        for number in range(1, model.layers + 1):
            found = _attended(model, found, number, seeds)
        found = keras.layers.LayerNormalization(name="last_normalisation")(found)
    if last_of is not None and not isinstance(model, GatedRecurrence):
        found = found[:, -1]
    told = _dense(outputs, "outputs", seeds)(found)
    return keras.Model(sequences, told, name=model.name.replace(" ", "_"))


def _convolved(
    model: CausalConvolution,
    found: Any,  # noqa: ANN401 - backend tensors
    number: int,
    seeds: Iterator[int],
    *,
    last: bool,
) -> Any:  # noqa: ANN401
    """One block; for the last output alone, every second position where dilations double.

    Later layers of doubling dilation see no other position on the way to the last output, so there
    the layer has a stride of 2 and the next one no dilation.
    """
    halved = last and model.growth == 2 and model.largest_dilation is None
    padding = model.kernel_size - 1
    if halved:
        padding -= 1 - found.shape[1] % 2
    # Over long sequences XLA's convolution takes less time than `Convolution1D`, which is faster
    # where every output is wanted.
    layer = keras.layers.Conv1D if last else Convolution1D
    convolution = layer(
        model.width,
        model.kernel_size,
        padding="valid" if halved else "causal",
        strides=2 if halved else 1,
        dilation_rate=1 if halved else model.dilations[number - 1],
        kernel_initializer=_glorot(seeds),
        name=f"convolution_{number}",
    )
    seen = keras.layers.ReLU(name=f"relu_{number}")(found)
    if halved:
        seen = keras.ops.pad(seen, ((0, 0), (padding, 0), (0, 0)))
        found = found[:, (found.shape[1] - 1) % 2 :: 2]
    return keras.layers.Add(name=f"sum_{number}")([found, convolution(seen)])


def _attended(model: CausalAttention, found: Any, number: int, seeds: Iterator[int]) -> Any:  # noqa: ANN401
    normalised = keras.layers.LayerNormalization(name=f"normalisation_{number}")(found)
    parts = _dense(3 * model.width, f"queries_keys_values_{number}", seeds)(normalised)
    seen = SelfAttention(
        model.heads,
        reach=model.reaches[number - 1],
        rotated=model.positions == "rotated",
        name=f"attention_{number}",
    )(parts)
    added = _dense(model.width, f"attended_{number}", seeds)(seen)
    found = keras.layers.Add(name=f"attention_sum_{number}")([found, added])
    normalised = keras.layers.LayerNormalization(name=f"dense_normalisation_{number}")(found)
    wide = _dense(2 * model.width, f"wide_{number}", seeds, "relu")(normalised)
    added = _dense(model.width, f"narrow_{number}", seeds)(wide)
    return keras.layers.Add(name=f"dense_sum_{number}")([found, added])


def _dense(
    units: int, name: str, seeds: Iterator[int], activation: str = "linear"
) -> keras.layers.Layer:
    return PositionwiseDense(
        units, activation=activation, kernel_initializer=_glorot(seeds), name=name
    )


def _glorot(seeds: Iterator[int]) -> Any:  # noqa: ANN401 - Keras annotates strings only
    return GlorotUniform(next(seeds))


def _orthogonal(seeds: Iterator[int]) -> Any:  # noqa: ANN401 - likewise
    return keras.initializers.Orthogonal(seed=next(seeds))


@keras.saving.register_keras_serializable(package="convbias")
class Positions(keras.layers.Layer):
    """Adds sines and cosines of the position, of as many wavelengths as there are channel pairs.

    Input and output shape: (n, length, channels), of an even number of channels.

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.5.
    """

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - backend tensors
        """Add them."""
        _, length, channels = inputs.shape
        waves = LONGEST_WAVE ** -(np.arange(channels // 2) / (channels // 2))
        angles = jnp.outer(jnp.arange(length), waves)
        added = jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1)
        return inputs + jnp.reshape(added, (length, channels))


@keras.saving.register_keras_serializable(package="convbias")
class SelfAttention(keras.layers.Layer):
    """Scaled dot-product attention of every position to itself and earlier ones; no weights.

    Input shape: (n, length, 3 * channels): queries, keys and values, one after the other.
    Output shape: (n, length, channels).

    Args:
        heads: Among which the channels are divided.
        reach: How many positions it looks back; None: to the first.
        rotated: Whether queries and keys are turned by their position, see `rotate`.
        options: Those of every Keras layer.
    """

    def __init__(
        self,
        heads: int,
        reach: int | None = None,
        rotated: bool = False,
        **options: Any,  # noqa: ANN401 - Keras passes its own
    ) -> None:
        super().__init__(**options)
        self.heads, self.reach, self.rotated = heads, reach, rotated

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return super().get_config() | {
            "heads": self.heads,
            "reach": self.reach,
            "rotated": self.rotated,
        }

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - backend tensors
        """Attend."""
        n, length, channels = inputs.shape
        shape = (n, length, 3, self.heads, channels // 3 // self.heads)
        # Heads before positions: products of arrays in another order take several times as long.
        queries, keys, values = jnp.transpose(jnp.reshape(inputs, shape), (2, 0, 3, 1, 4))
        if self.rotated:
            queries, keys = rotate(queries), rotate(keys)
        scores = queries @ jnp.swapaxes(keys, -1, -2) / math.sqrt(shape[-1])
        back = jnp.arange(length)[:, None] - jnp.arange(length)
        visible = back >= 0
        if self.reach is not None:
            visible &= back <= self.reach
        weights = jax.nn.softmax(jnp.where(visible, scores, -1e9), axis=-1)
        seen = jnp.transpose(weights @ values, (0, 2, 1, 3))
        return jnp.reshape(seen, (n, length, channels // 3))


def rotate(vectors: Any) -> Any:  # noqa: ANN401 - backend tensors
    """Turn each pair of channels by an angle that grows with the position.

    The product of two turned vectors depends on the distance of their positions, and not on these.

    Source: Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021.

    Args:
        vectors: float32 (n, heads, length, channels), of an even number of channels.

    Returns:
        As many turned vectors.
    """
    length, channels = vectors.shape[-2:]
    waves = LONGEST_WAVE ** -(np.arange(channels // 2) / (channels // 2))
    angles = jnp.arange(length)[:, None] * waves
    first, second = jnp.split(vectors, 2, axis=-1)
    cosine, sine = jnp.cos(angles), jnp.sin(angles)
    turned = (first * cosine - second * sine, first * sine + second * cosine)
    return jnp.concatenate(turned, axis=-1)
