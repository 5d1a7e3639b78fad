"""Theoretical receptive fields of a network's layers."""

from __future__ import annotations

import keras

from convbias.errors import InputError
from convbias.networks.adapters.keras_fields import reach
from convbias.spec.arithmetic import Field


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
        field = field.through(*reach(layer))
        fields[layer.name] = field
    return fields
