"""Theoretical receptive fields of a network's layers."""

from __future__ import annotations

from typing import Any

import keras

from convbias.errors import InputError
from convbias.networks.layers import AntialiasedPooling, CircularPadding, LocalConnection
from convbias.spec.arithmetic import Field

POINTWISE = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    keras.layers.SpatialDropout2D,
)
CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
POOLINGS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)


def theoretical_fields(network: keras.Model) -> dict[str, Field]:
    """Receptive fields by arithmetic from kernel sizes, strides, dilations and padding.

    A layer that looks at k x k units, d apart, adds d (k - 1) times the stride of all layers before
    it. Circular padding continues a field at the opposite side of the image. The pixels that
    adaptive polyphase sampling keeps depend on the whole image; the field given is that of the
    values kept.

    Args:
        network: A `keras.Sequential`.

    Returns:
        Layer name to field, in the network's order, up to the last layer whose output is a feature
        map; all later units see the whole image.

    Raises:
        InputError: The network branches, or has a layer of a type that is not supported.

    Example:
        >>> from convbias.networks import models
        >>> from convbias.spec.arms import Convolutional
        >>> network = models.build(Convolutional(kernel_size=3), seed=0)
        >>> {name: field.side for name, field in theoretical_fields(network).items()}
        {'conv_1': 3, 'pool_1': 4, 'conv_2': 8, 'pool_2': 10}
    """
    if not isinstance(network, keras.Sequential):
        raise InputError(
            f"{network.name} is a {type(network).__name__}",
            "a keras.Sequential, in which every layer has one input",
        )
    fields: dict[str, Field] = {}
    field = Field()
    for layer in network.layers:
        if len(layer.output.shape) != 4:
            break
        field = field.through(*_reach(layer))
        fields[layer.name] = field
    return fields


def _reach(layer: keras.Layer) -> tuple[int, int, tuple[int, int]]:
    """A unit's window on the layer before: side, stride, and padding above and on the left."""
    known: Any = layer  # its attributes hang on its class
    if isinstance(layer, POINTWISE):
        return 1, 1, (0, 0)
    if isinstance(layer, CircularPadding):
        return 1, 1, (known.pixels, known.pixels)
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return 1, 1, (known.padding[0][0], known.padding[1][0])
    if isinstance(layer, LocalConnection):
        return known.kernel_size, 1, (known.kernel_size // 2, known.kernel_size // 2)
    if isinstance(layer, AntialiasedPooling):
        # blur: 2 x 2 maximum, then 3 x 3 average. polyphase: 2 x 2 maximum, at one of two offsets.
        return (4, 2, (1, 1)) if known.method == "blur" else (3, 2, (0, 0))
    if isinstance(layer, CONVOLUTIONS):
        return _window(layer, known.kernel_size, known.dilation_rate)
    if isinstance(layer, POOLINGS):
        return _window(layer, known.pool_size, (1, 1))
    raise InputError(
        f"the receptive field of {layer.name}, a {type(layer).__name__}, is not supported",
        "convolutions, poolings, paddings and pointwise layers",
    )


def _window(
    layer: Any,  # noqa: ANN401 - whichever of two families
    size: tuple[int, int],
    dilation: tuple[int, int],
) -> tuple[int, int, tuple[int, int]]:
    strides = tuple(layer.strides)
    if len({*size}) > 1 or len({*strides}) > 1 or len({*dilation}) > 1:
        raise InputError(
            f"{layer.name} has a window of {size}, strides {strides} and dilation {dilation}",
            "the same along both axes",
        )
    side, stride = dilation[0] * (size[0] - 1) + 1, strides[0]
    if layer.padding == "valid":
        return side, stride, (0, 0)
    # Keras pads as little as it takes, and the odd unit at the end.
    rows, columns = (
        max(0, (-(-units // stride) - 1) * stride + side - units) // 2
        for units in layer.input.shape[1:3]
    )
    return side, stride, (rows, columns)
