"""Networks that read sequences: every output sees its own position and earlier ones only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

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
            found = _convolved(model, found, number, seeds, halved=last_of is not None)
    else:
        found = Positions(name="positions")(_dense(model.width, "channels", seeds)(found))
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
    halved: bool,
) -> Any:  # noqa: ANN401
    """One block; halved: every second position, counted from the last, where dilations double.

    Later layers of doubling dilation see no other position on the way to the last output, so there
    the layer has a stride of 2 and the next one no dilation.
    """
    halved = halved and model.growth == 2
    padding = model.kernel_size - 1
    if halved:
        padding -= 1 - found.shape[1] % 2
    # XLA's convolution: over long sequences it takes less time than `Convolution1D`.
    convolution = keras.layers.Conv1D(
        model.width,
        model.kernel_size,
        padding="valid" if halved else "causal",
        strides=2 if halved else 1,
        dilation_rate=1 if halved else model.growth ** (number - 1),
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
    seen = SelfAttention(model.heads, name=f"attention_{number}")(parts)
    added = _dense(model.width, f"attended_{number}", seeds)(seen)
    found = keras.layers.Add(name=f"attention_sum_{number}")([found, added])
    normalised = keras.layers.LayerNormalization(name=f"dense_normalisation_{number}")(found)
    wide = _dense(2 * model.width, f"wide_{number}", seeds, "relu")(normalised)
    added = _dense(model.width, f"narrow_{number}", seeds)(wide)
    return keras.layers.Add(name=f"dense_sum_{number}")([found, added])


def _dense(
    units: int, name: str, seeds: Iterator[int], activation: str = "linear"
) -> keras.layers.Layer:
    return keras.layers.Dense(
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
        options: Those of every Keras layer.
    """

    def __init__(self, heads: int, **options: Any) -> None:  # noqa: ANN401 - Keras passes its own
        super().__init__(**options)
        self.heads = heads

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return super().get_config() | {"heads": self.heads}

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - backend tensors
        """Attend."""
        n, length, channels = inputs.shape
        shape = (n, length, 3, self.heads, channels // 3 // self.heads)
        queries, keys, values = jnp.moveaxis(jnp.reshape(inputs, shape), 2, 0)
        scores = jnp.einsum("nqhc,nkhc->nhqk", queries, keys) / math.sqrt(shape[-1])
        earlier = jnp.tril(jnp.ones((length, length), dtype=bool))
        weights = jax.nn.softmax(jnp.where(earlier, scores, -jnp.inf), axis=-1)
        seen = jnp.einsum("nhqk,nkhc->nqhc", weights, values)
        return jnp.reshape(seen, (n, length, channels // 3))
