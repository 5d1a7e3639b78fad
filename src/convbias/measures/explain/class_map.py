"""Class maps: each class's logit as an exact sum over pixels of the last feature map or the image.

The layers after the last feature map, global average pooling and dense layers with ReLU, are affine
as long as no unit crosses zero: for the ReLU pattern of the given image a class's logit is the sum
of one contribution per pixel and a constant. The sum is the logit itself, not an approximation, and
needs forward activations alone. Class activation mapping (Zhou et al. 2016, arXiv 1512.04150) is
the case without a hidden layer. The dense baseline is affine for each pattern as a whole, so its
sums are over the pixels of the image.

Logits are determined up to a constant shared by all classes: adding one map to all ten changes no
probability. The difference of two classes' maps decides between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from convbias.errors import InputError
from convbias.networks.forward import Forward

# Softmax only occurs last, where the logits before it are used.
_PIECEWISE_LINEAR = (keras.activations.relu, keras.activations.softmax)


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Every class's logit as a sum over pixels.

    Args:
        layer: The layer whose output's pixels these are; None for the image itself.
        contributions: float64 (classes, height, width), in logits.
        constants: float64 (classes,), the part that no pixel contributes.
    """

    layer: str | None
    contributions: np.ndarray
    constants: np.ndarray

    @property
    def logits(self) -> np.ndarray:
        """float64 (classes,): contributions and constant together, the network's logits."""
        return self.contributions.sum(axis=(1, 2)) + self.constants


def class_map(forward: Forward, image: np.ndarray) -> ClassMap:
    """Split every class's logit into contributions of pixels.

    Goes from the logits backwards through all layers that are affine on a ReLU pattern: to the
    last feature map of a CNN, to the image of the dense baseline.

    Args:
        forward: The network's forward pass.
        image: float32 (height, width, channels) in [0, 1].

    Returns:
        The contributions. A black pixel of the image contributes 0; its effect is part of the
        constant.

    Raises:
        InputError: A layer after the last feature map is not piecewise linear.
    """
    layers = forward.layers
    results = [image, *forward.outputs(image).values()]
    # (..., classes): how each logit depends on the output of the current layer.
    weights = np.eye(len(results[-1]))
    constants = np.zeros(len(weights))
    for index in range(len(layers) - 1, -1, -1):
        layer, given, result = layers[index], results[index], results[index + 1]
        if isinstance(layer, keras.layers.Dense) and layer.activation in _PIECEWISE_LINEAR:
            if layer.activation is keras.activations.relu:
                weights = weights * (result > 0)[:, None]  # units at zero pass nothing on
            constants = constants + np.asarray(layer.bias, np.float64) @ weights
            weights = np.asarray(layer.kernel, np.float64) @ weights
        elif isinstance(layer, keras.layers.Flatten):
            weights = weights.reshape(*given.shape, -1)
        elif isinstance(layer, keras.layers.GlobalAveragePooling2D):
            height, width, channels = given.shape
            shape = (height, width, channels, weights.shape[-1])
            weights = np.broadcast_to(weights / (height * width), shape)
        elif isinstance(layer, keras.layers.Rescaling):
            constants = constants + layer.offset * weights.sum(axis=(0, 1, 2))
            weights = layer.scale * weights
        elif not isinstance(layer, keras.layers.Dropout):
            return _split(layer.name, result, weights, constants)
    return _split(None, image, weights, constants)


def _split(
    layer: str | None, values: np.ndarray, weights: np.ndarray, constants: np.ndarray
) -> ClassMap:
    if values.ndim != 3:
        raise InputError(
            f"the layer {layer} is not piecewise linear and gives no pixels, but {values.shape}",
            "dense layers with ReLU after the last feature map",
            "explain networks that `convbias train` or `convbias study` has stored",
        )
    contributions = np.einsum("hwc,hwck->khw", values.astype(np.float64), weights)
    return ClassMap(layer, contributions, constants)
