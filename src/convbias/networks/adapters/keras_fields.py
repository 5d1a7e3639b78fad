"""Theoretical receptive fields of Keras' networks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras

from convbias.errors import InputError
from convbias.networks.adapters.fields import EVERYTHING, IMAGE, Step, Window, fields_of
from convbias.networks.layers import AntialiasedPooling, CircularPadding, LocalConnection
from convbias.spec.arithmetic import Field

POINTWISE = (
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.Average,
    keras.layers.BatchNormalization,
    keras.layers.Concatenate,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.GaussianNoise,
    keras.layers.LayerNormalization,
    keras.layers.LeakyReLU,
    keras.layers.Maximum,
    keras.layers.Multiply,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    keras.layers.SpatialDropout2D,
    keras.layers.Subtract,
)
CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
POOLINGS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)


def keras_fields(network: keras.Model) -> dict[str, Field | str]:
    """Receptive fields of a network's layers, skips and dilation included.

    Args:
        network: A `keras.Sequential` or a functional network.

    Returns:
        Layer name to field, or in words why it has none, in the network's order.
    """
    producer: dict[int, str] = {}
    steps = []
    nodes = nodes_of(network)
    used = Counter(node.operation.name for node in nodes)
    for node in nodes:
        name = IMAGE if node.is_input else node.operation.name
        if not node.is_input:
            inputs = tuple(
                producer[id(each)] for each in node.input_tensors if id(each) in producer
            )
            several = f"{name} is used several times" if used[name] > 1 else None
            steps.append(Step(name, inputs, several or _reach(node)))
        producer |= {id(each): name for each in node.outputs}
    return fields_of(steps)


def nodes_of(network: keras.Model) -> list[Any]:
    """The calls of layers that a network consists of, each after those whose outputs it takes.

    A layer may have been called in other networks as well: a sequence that is read from a file is
    built anew with every layer.

    Args:
        network: A `keras.Sequential` or a functional network.

    Returns:
        Keras' nodes, with the attributes `operation`, `input_tensors`, `outputs` and `is_input`.
    """
    functional: Any = network
    while isinstance(functional, keras.Sequential):
        functional = functional._functional
    by_depth = functional._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def _reach(node: Any) -> Window | str:  # noqa: ANN401 - as `nodes_of` gives them
    layer = node.operation
    output = node.outputs[0]
    if len(output.shape) != 4:
        return EVERYTHING
    try:
        return Window(*reach(layer))
    except InputError as error:
        return error.what


def reach(layer: keras.layers.Layer) -> tuple[int, int, tuple[int, int]]:
    """A unit's window on the layer before: side, stride, and padding above and on the left.

    Args:
        layer: Its output is (n, rows, columns, channels).

    Raises:
        InputError: Its type is not supported, or its window is not square.
    """
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
