"""Copy a trained network's weights into a network with other operations, size or padding."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import keras

from convbias.errors import InputError
from convbias.networks.layers import (
    AntialiasedPooling,
    AveragePooling,
    CircularPadding,
    Convolution,
    GlobalAveragePooling,
    MaxPooling,
)

STOCK: dict[type[keras.layers.Layer], type[keras.layers.Layer]] = {
    Convolution: keras.layers.Conv2D,
    MaxPooling: keras.layers.MaxPooling2D,
    AveragePooling: keras.layers.AveragePooling2D,
    GlobalAveragePooling: keras.layers.GlobalAveragePooling2D,
}

_POOLINGS = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, AntialiasedPooling)


def rebuild(
    network: keras.Model,
    side: int | None = None,
    *,
    circular: bool = False,
    subsampling: bool = True,
    head: bool = True,
) -> keras.Sequential:
    """Build the same layers from Keras' own operations and give them the same weights.

    The package's convolution and pooling have hand-written gradients, which rules out derivatives
    in forward mode; Keras' own layers have both modes.

    Args:
        network: A network of layers one after the other; it is not changed.
        side: Pixels per side of the images that the new network takes; None keeps the side.
        circular: Whether all padding of convolutions becomes circular, so that a shift causes no
            effects at the border. Convolutions without padding are padded too, and keep the size of
            their input. Locally connected layers stay as they are.
        subsampling: Whether layers still drop pixels. Otherwise poolings are left out, and
            convolutions have stride 1.
        head: Whether the new network has the layers after the feature maps.

    Returns:
        A network of layers with the same names. Circular padding that was added before a layer is
        a layer of its own, named with `around_` in front.

    Raises:
        InputError: The network branches, its weights do not fit images of that side, or even
            kernels are to be padded circularly.

    Example:
        >>> from convbias.networks import models
        >>> from convbias.spec.arms import Convolutional
        >>> rebuild(models.build(Convolutional(), seed=0), side=40).input_shape
        (None, 40, 40, 1)
    """
    if not isinstance(network, keras.Sequential):
        raise InputError(
            f"{network.name} is a {type(network).__name__}",
            "a keras.Sequential: layers one after the other",
        )
    _, height, width, channels = network.input_shape
    shape = (height, width, channels) if side is None else (side, side, channels)
    kept = network.layers if head else list(takewhile(_has_maps, network.layers))
    if not subsampling:
        kept = [layer for layer in kept if not isinstance(layer, _POOLINGS)]
    layers: list[keras.layers.Layer] = []
    for layer in kept:
        padded = bool(layers) and isinstance(layers[-1], CircularPadding)
        layers += _anew(layer, circular=circular and not padded, subsampling=subsampling)
    rebuilt = keras.Sequential([keras.Input(shape, name="images"), *layers], name=network.name)
    for layer in kept:
        _copy_weights(layer, rebuilt.get_layer(layer.name), shape)
    return rebuilt


def _has_maps(layer: keras.layers.Layer) -> bool:
    output: Any = layer.output
    return len(output.shape) == 4


def _anew(
    layer: keras.layers.Layer, *, circular: bool, subsampling: bool
) -> list[keras.layers.Layer]:
    config = layer.get_config()
    kind = STOCK.get(type(layer), type(layer))
    if not subsampling and isinstance(layer, keras.layers.Conv2D):
        config["strides"] = (1, 1)
    if circular and isinstance(layer, AntialiasedPooling):
        config["circular"] = True
    if circular and isinstance(layer, keras.layers.Conv2D):
        if layer.kernel_size[0] % 2 == 0:
            raise InputError(
                f"{layer.name} has kernels of {layer.kernel_size[0]} pixels per side",
                "an odd number, which circular padding on both sides needs",
            )
        reach = layer.dilation_rate[0] * (layer.kernel_size[0] - 1) // 2
        around = CircularPadding(reach, name=f"around_{layer.name}")
        return [around, kind.from_config({**config, "padding": "valid"})]
    return [kind.from_config(config)]


def _copy_weights(old: keras.layers.Layer, new: keras.layers.Layer, shape: tuple[int, ...]) -> None:
    shapes, wanted = ([tuple(one.shape) for one in layer.weights] for layer in (old, new))
    if shapes != wanted:
        raise InputError(
            f"the weights of {old.name} have shapes {shapes}",
            f"{wanted}, which images of {shape[0]} x {shape[1]} pixels need",
            "only convolutions with a global average fit every size; train on that size instead",
        )
    new.set_weights(old.get_weights())
