"""A convolution along one axis, as one matrix product."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras


@keras.saving.register_keras_serializable(package="convbias")
class Convolution1D(keras.layers.Conv1D):
    """`keras.layers.Conv1D` of stride 1 with `same` or `causal` padding, faster on a processor.

    The windows of all positions become rows of one matrix, which is multiplied by the kernel. For
    kernels of few taps and channels this takes a quarter of the time of XLA's convolution.

    Input shape: (n, length, channels). Output shape: (n, length, filters).
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:  # noqa: ANN401 - backend tensors
        """Convolve, without bias and activation."""
        taps, channels, filters = kernel.shape
        dilation, length = self.dilation_rate[0], inputs.shape[1]
        reach = dilation * (taps - 1)
        before = reach if self.padding == "causal" else reach // 2
        padded = jnp.pad(inputs, ((0, 0), (before, reach - before), (0, 0)))
        windows = jnp.concatenate(
            [padded[:, tap * dilation : tap * dilation + length] for tap in range(taps)], axis=-1
        )
        return in_rows(windows, jnp.reshape(kernel, (taps * channels, filters)))


@keras.saving.register_keras_serializable(package="convbias")
class PositionwiseDense(keras.layers.Dense):
    """`keras.layers.Dense` at every position of a sequence, faster on a processor.

    Input shape: (n, length, channels). Output shape: (n, length, units).
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401
        """Apply it."""
        del training
        told = in_rows(inputs, keras.ops.convert_to_tensor(self.kernel))
        return self.activation(told + keras.ops.convert_to_tensor(self.bias))


def in_rows(inputs: Any, matrix: Any) -> Any:  # noqa: ANN401 - backend tensors
    """The product of every position with a matrix, with all positions as rows of one matrix.

    After a layer normalisation this takes a fifth of the time of a product of three-dimensional
    arrays, into which XLA fuses the normalisation.

    Args:
        inputs: float32 (n, length, channels).
        matrix: float32 (channels, units).

    Returns:
        float32 (n, length, units).
    """
    rows = jnp.reshape(inputs, (-1, matrix.shape[0])) @ matrix
    return jnp.reshape(rows, (*inputs.shape[:-1], matrix.shape[1]))
