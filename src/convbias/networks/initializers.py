"""Draw initial weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

# Enough for the dense baseline's first layer, the largest but for local connections.
FEWEST_DRAWN = 2**17


@keras.saving.register_keras_serializable("convbias")
class GlorotUniform(keras.initializers.GlorotUniform):
    """The values of `keras.initializers.GlorotUniform` to the last bit, with less compilation.

    JAX compiles its random generator anew for every shape, which takes up to seconds. Random
    numbers for a longer array begin with those for a shorter one, so most weights share one
    compiled length here.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010, equation 16.
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:  # noqa: ANN401
        """Draw weights of a shape with inputs and outputs last."""
        field, inputs, outputs = math.prod(shape[:-2]), shape[-2], shape[-1]
        limit = math.sqrt(3 * (2 / (field * (inputs + outputs))))  # rounded as Keras does
        count = math.prod(shape)
        drawn = max(FEWEST_DRAWN, 2 ** (count - 1).bit_length())
        with jax.ensure_compile_time_eval():  # also where JAX traces the building of a network
            values = keras.random.uniform((drawn,), -limit, limit, dtype, self.seed)
            # Cut in NumPy, because JAX would compile that for every shape, too.
            return jnp.asarray(np.asarray(values)[:count].reshape(shape))
