"""Keras layers that compute with the project's own convolution and pooling under JAX.

Each is a subclass of the stock layer with its configuration, weights and function. Under any other
backend the stock operation runs, so an exported graph holds nothing but plain operations.

Every layer works with the images last and turns its output back to Keras' (n, height, width,
channels). Two neighbouring layers' turns are each other's inverse, and XLA removes them.
"""

from __future__ import annotations

from typing import Any

import keras

from convbias import convolution, pooling

_PACKAGE = "convbias"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Convolution(keras.layers.Conv2D):
    """`keras.layers.Conv2D`; fast under JAX for same padding, stride 1 and odd square kernels.

    Input shape: (n, height, width, channels). Output shape: (n, height, width, filters).
    """

    @property
    def _is_fast(self) -> bool:
        rows, columns = self.kernel_size
        return (
            keras.backend.backend() == "jax"
            and (rows == columns and rows % 2 == 1)
            and self.padding == "same"
            and self.strides == (1, 1)
            and self.dilation_rate == (1, 1)
            and self.groups == 1
            and self.data_format == "channels_last"
            and self.activation in (keras.activations.relu, keras.activations.linear)
        )

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Convolve, add the bias, apply the activation."""
        if not self._is_fast:
            return super().call(inputs)
        # Outside `stateless_call` the kernel arrives as a variable, which JAX cannot slice.
        kernel: Any = keras.ops.convert_to_tensor(self.kernel)
        outputs: Any = convolution.convolve(convolution.images_last(inputs), kernel)
        if self.use_bias:
            bias: Any = keras.ops.convert_to_tensor(self.bias)
            outputs = outputs + bias[:, None]
        activated: Any = self.activation(outputs)
        return convolution.images_first(activated)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class MaxPooling(keras.layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D`; fast under JAX for a pool of 2 x 2 with stride 2.

    Input shape: (n, height, width, channels). Output shape: (n, height // 2, width // 2, channels).
    """

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Take the maximum of each 2 x 2 block."""
        fast = (
            keras.backend.backend() == "jax"
            and tuple(self.pool_size) == tuple(self.strides) == (2, 2)
            and self.padding == "valid"
            and self.data_format == "channels_last"
        )
        if not fast:
            return super().call(inputs)
        return convolution.images_first(pooling.max_pool(convolution.images_last(inputs)))


@keras.saving.register_keras_serializable(package=_PACKAGE)
class GlobalAveragePooling(keras.layers.GlobalAveragePooling2D):
    """`keras.layers.GlobalAveragePooling2D`.

    Input shape: (n, height, width, channels). Output shape: (n, channels).
    """

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Average every channel over all pixels."""
        fast = (
            keras.backend.backend() == "jax"
            and not self.keepdims
            and self.data_format == "channels_last"
        )
        if not fast:
            return super().call(inputs)
        return convolution.images_last(inputs).mean(axis=(0, 1)).transpose()
