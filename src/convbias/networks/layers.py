"""Keras layers that compute with the project's own convolution and pooling under JAX.

Each is a subclass of Keras' own layer with the same configuration, weights and function. Under any
other backend Keras' own operation runs, so an exported graph has only plain operations.

Every layer works with the images last and transposes its output back to Keras' (n, height, width,
channels). The transpositions between two neighbouring layers cancel, and XLA removes them.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras

from convbias.errors import ConvbiasError
from convbias.networks import convolution, pooling
from convbias.networks.local_connection import connect_locally

_PACKAGE = "convbias"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Convolution(keras.layers.Conv2D):
    """`keras.layers.Conv2D`; fast under JAX for square kernels.

    Input shape: (n, height, width, channels). Output shape: (n, height, width, filters).
    """

    @property
    def _is_fast(self) -> bool:
        rows, columns = self.kernel_size
        return (
            keras.backend.backend() == "jax"
            and rows == columns
            and self.padding in ("same", "valid")
            and (rows % 2 == 1 or self._is_plain)
            and self.strides[0] == self.strides[1]
            and self.dilation_rate[0] == self.dilation_rate[1]
            and self.groups == 1
            and self.data_format == "channels_last"
            and self.activation in (keras.activations.relu, keras.activations.linear)
        )

    @property
    def _is_plain(self) -> bool:
        return (self.padding, self.strides[0], self.dilation_rate[0]) == ("same", 1, 1)

    def _kept(self, pixels: int) -> slice:
        """Which outputs of same padding and stride 1 to keep along one axis."""
        if self._is_plain:
            return slice(None)
        span, stride = self.dilation_rate[0] * (self.kernel_size[0] - 1) + 1, self.strides[0]
        half = span // 2
        if self.padding == "valid":
            return slice(half, pixels - half, stride)
        # Keras pads as little as it takes, and the odd pixel at the end.
        padding = max(0, (-(-pixels // stride) - 1) * stride + span - pixels)
        return slice(half - padding // 2, None, stride)

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Convolve, add the bias, apply the activation."""
        if not self._is_fast:
            return super().call(inputs)
        # Outside `stateless_call` the kernel arrives as a variable, which JAX cannot slice.
        kernel: Any = keras.ops.convert_to_tensor(self.kernel)
        if self.kernel_size[0] % 2 == 0:
            # Keras pads the odd pixel at the end, so a kernel of k taps is the last k of k + 1.
            kernel = jnp.pad(kernel, ((1, 0), (1, 0), (0, 0), (0, 0)))
        images = convolution.images_last(inputs)
        # Computed for every pixel with same padding; what other settings leave out is dropped.
        outputs: Any = convolution.convolve(images, kernel, self.dilation_rate[0])
        outputs = outputs[self._kept(images.shape[0]), self._kept(images.shape[1])]
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
        if not _pools_blocks_of_four(self):
            return super().call(inputs)
        return convolution.images_first(pooling.max_pool(convolution.images_last(inputs)))


@keras.saving.register_keras_serializable(package=_PACKAGE)
class AveragePooling(keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D`; fast under JAX for a pool of 2 x 2 with stride 2.

    Input shape: (n, height, width, channels). Output shape: (n, height // 2, width // 2, channels).
    """

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Average each 2 x 2 block."""
        if not _pools_blocks_of_four(self):
            return super().call(inputs)
        return convolution.images_first(pooling.average_pool(convolution.images_last(inputs)))


def _pools_blocks_of_four(layer: Any) -> bool:  # noqa: ANN401 - one of two families
    return (
        keras.backend.backend() == "jax"
        and tuple(layer.pool_size) == tuple(layer.strides) == (2, 2)
        and layer.padding == "valid"
        and layer.data_format == "channels_last"
    )


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


class _UnderJax(keras.layers.Layer):
    """A layer without a counterpart in Keras, so it exists under JAX alone."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Refuse other backends than JAX."""
        if keras.backend.backend() != "jax":
            raise ConvbiasError(
                f"{type(self).__name__} does not support the {keras.backend.backend()} backend",
                "the jax backend",
                "set the environment variable KERAS_BACKEND=jax before Keras is imported",
            )
        super().build(input_shape)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class CircularPadding(_UnderJax):
    """Pad the image circularly: beyond each side comes the opposite side.

    Input shape: (n, height, width, channels). Output shape: (n, height + 2 pixels, width +
    2 pixels, channels).

    Args:
        pixels: Number of pixels at each side.
    """

    def __init__(self, pixels: int, **options: Any) -> None:  # noqa: ANN401 - passed on to Keras
        super().__init__(**options)
        self.pixels = pixels

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Pad both axes."""
        sides = (self.pixels, self.pixels)
        return jnp.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="wrap")

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape after padding."""
        n, height, width, channels = input_shape
        return n, height + 2 * self.pixels, width + 2 * self.pixels, channels

    def get_config(self) -> dict[str, Any]:
        """The configuration that `from_config` takes."""
        return {**super().get_config(), "pixels": self.pixels}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class AntialiasedPooling(_UnderJax):
    """Maximum of neighbours, then subsampling that is less sensitive to shifts.

    Input shape: (n, height, width, channels). Output shape: (n, height / 2, width / 2, channels),
    halves rounded up for `blur`; `polyphase` needs even sizes.

    Args:
        method: `blur` (Zhang 2019) or `polyphase` (Chaman and Dokmanic 2021).
        circular: Whether pixels at a border have those at the opposite border as neighbours.
    """

    def __init__(self, method: str, *, circular: bool, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.method, self.circular = method, circular

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Take the maximum of neighbours and keep a quarter of the pixels."""
        images = convolution.images_last(inputs)
        largest = pooling.max_of_neighbours(images, circular=self.circular)
        if self.method == "blur":
            kept = pooling.blur(largest, circular=self.circular)[::2, ::2]
        else:
            kept = pooling.largest_phase(largest)
        return convolution.images_first(kept)

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Half the size."""
        n, height, width, channels = input_shape
        return n, -(-height // 2), -(-width // 2), channels

    def get_config(self) -> dict[str, Any]:
        """The configuration that `from_config` takes."""
        return {**super().get_config(), "method": self.method, "circular": self.circular}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LocalConnection(_UnderJax):
    """A convolution without weight sharing: a kernel and a bias for every pixel, then ReLU.

    Same padding, stride 1. Input shape: (n, height, width, channels). Output shape: (n, height,
    width, filters). The initial weights are drawn as a convolution's would be, pixel by pixel.

    Args:
        filters: Output channels.
        kernel_size: Pixels per side, odd.
        kernel_initializer: Initializer of the kernels.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        kernel_initializer: Any = "glorot_uniform",  # noqa: ANN401 - as Keras takes it
        **options: Any,  # noqa: ANN401 - passed on to Keras
    ) -> None:
        super().__init__(**options)
        self.filters, self.kernel_size = filters, kernel_size
        # Keras annotates what an initializer is called with by strings.
        self.kernel_initializer: Any = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Create the kernels (pixels, taps, filters) and the bias (height, width, filters).

        Pixels are height * width, taps kernel_size * kernel_size * channels.
        """
        super().build(input_shape)
        _, height, width, channels = input_shape
        field = (self.kernel_size, self.kernel_size, channels, self.filters)

        def kernels(shape: tuple[int, ...], dtype: Any = None) -> Any:  # noqa: ANN401
            # One draw for all pixels, with the spread that a single kernel would have.
            fan = (field[0], field[1], channels, shape[0] * self.filters)
            drawn = self.kernel_initializer((*field[:3], shape[0] * self.filters), dtype=dtype)
            spread = _glorot_limit(field) / _glorot_limit(fan)
            pixels = keras.ops.reshape(drawn * spread, (-1, shape[0], self.filters))
            return keras.ops.transpose(pixels, (1, 0, 2))

        taps = self.kernel_size * self.kernel_size * channels
        self.kernel = self.add_weight(
            shape=(height * width, taps, self.filters), initializer=kernels, name="kernel"
        )
        self.bias = self.add_weight(
            shape=(height, width, self.filters), initializer="zeros", name="bias"
        )

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - Keras passes backend tensors
        """Multiply the values around every pixel by its kernel, add its bias, apply ReLU."""
        images = convolution.images_last(inputs)
        kernel: Any = keras.ops.convert_to_tensor(self.kernel)
        bias: Any = keras.ops.convert_to_tensor(self.bias)
        outputs = connect_locally(images, kernel, self.kernel_size) + bias[..., None]
        return convolution.images_first(jax.nn.relu(outputs))

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Same size, other channels."""
        return *input_shape[:3], self.filters

    def get_config(self) -> dict[str, Any]:
        """The configuration that `from_config` takes."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _glorot_limit(shape: tuple[int, ...]) -> float:
    """Half width of Glorot's uniform distribution (Glorot and Bengio 2010, equation 16)."""
    rows, columns, channels_in, channels_out = shape
    return (6 / (rows * columns * (channels_in + channels_out))) ** 0.5
