"""Feature maps of a CNN for one image."""

from __future__ import annotations

import keras
import numpy as np

from convbias.networks.forward import Forward
from convbias.networks.layers import LocalConnection


def feature_maps(forward: Forward, image: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs of a network's convolutions, after ReLU and before pooling.

    Args:
        forward: The network's forward pass.
        image: float32 (height, width, channels) in [0, 1].

    Returns:
        Layer name to float32 (height, width, filters), in the network's order; empty for a network
        without convolutions.
    """
    outputs = forward.outputs(image)
    kinds = (keras.layers.Conv2D, LocalConnection)
    return {layer.name: outputs[layer.name] for layer in forward.layers if isinstance(layer, kinds)}
