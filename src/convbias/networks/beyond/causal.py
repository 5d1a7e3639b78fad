"""Networks that read sequences: every output sees its own position and earlier ones only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.networks.beyond.layers import Convolution1D
from convbias.networks.initializers import GlorotUniform
from convbias.spec.beyond.causal import (
    CausalAttention,
    CausalConvolution,
    CausalModel,
    GatedRecurrence,
)

LONGEST_WAVE = 10_000  # positions, over 2 pi; as in the source of `Positions`


def build(model: CausalModel, inputs: int, outputs: int, seeds: Iterator[int]) -> keras.Model:
    """Build a network with freshly drawn weights.

    Args:
        model: The model.
        inputs: Numbers at each position.
        outputs: Likewise.
        seeds: Random seeds of the layers' initial weights.

    Returns:
        A network from float32 (n, length, inputs) to float32 (n, length, outputs), for any length.

    Example:
        >>> build(CausalConvolution(width=4, layers=2), 3, 5, iter(range(9))).count_params()
        169
    """
    sequences = keras.Input((None, inputs), name="sequences")
    if isinstance(model, GatedRecurrence):
        found = keras.layers.GRU(
            model.width,
            return_sequences=True,
            kernel_initializer=_glorot(seeds),
            recurrent_initializer=_orthogonal(seeds),
            seed=next(seeds),
            name="recurrence",
        )(sequences)
    else:
        found = _dense(model.width, "channels", seeds)(sequences)
        if isinstance(model, CausalAttention):
            found = Positions(name="positions")(found)
        for number in range(1, model.layers + 1):
            if isinstance(model, CausalConvolution):
                found = _convolved(model, found, number, seeds)
            else:
                found = _attended(model, found, number, seeds)
        found = keras.layers.LayerNormalization(name="last_normalisation")(found)
    told = _dense(outputs, "outputs", seeds)(found)
    return keras.Model(sequences, told, name=model.name.replace(" ", "_"))


def _convolved(model: CausalConvolution, found: Any, number: int, seeds: Iterator[int]) -> Any:  # noqa: ANN401
    normalised = keras.layers.LayerNormalization(name=f"normalisation_{number}")(found)
    added = Convolution1D(
        model.width,
        model.kernel_size,
        padding="causal",
        dilation_rate=model.growth ** (number - 1),
        kernel_initializer=_glorot(seeds),
        name=f"convolution_{number}",
    )(keras.layers.ReLU(name=f"relu_{number}")(normalised))
    return keras.layers.Add(name=f"sum_{number}")([found, added])


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
