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
        return windows @ jnp.reshape(kernel, (taps * channels, filters))
