"""A trained network taken apart: every layer's output, its logits, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np

from convbias.errors import InputError

# Images at once, the last batch filled up: one compilation serves any number. Vector instructions
# divide it evenly, so an image's numbers are the same to the last bit wherever it stands.
BATCH = 128


class Forward:
    """What a network computes on its way from images to logits, dropout off.

    Each of its functions is compiled once. Weights are read when it is made.

    Args:
        network: A sequence of layers from (n, height, width, channels) to probabilities, a dense
            layer with softmax being the last.

    Raises:
        InputError: The last layer is another one.
    """

    def __init__(self, network: keras.Model) -> None:
        # Keras annotates neither its layers nor their stateless calls.
        self.layers: list[Any] = list(network.layers)
        last = self.layers[-1]
        softmax = keras.activations.softmax
        if not isinstance(last, keras.layers.Dense) or last.activation is not softmax:
            raise InputError(
                f"the network ends in the layer {last.name}, {type(last).__name__}",
                "a dense layer with softmax",
                "explain networks that `convbias train` or `convbias study` has stored",
            )
        # Handed over at every call: XLA would spend seconds on folding constant weights. Copies,
        # because Keras' own `predict` takes the variables' arrays for itself.
        self._weights = [
            tuple(
                [np.array(variable) for variable in variables]
                for variables in (layer.trainable_variables, layer.non_trainable_variables)
            )
            for layer in self.layers
        ]
        self._outputs = jax.jit(self._run)
        self._logits = jax.jit(lambda weights, images: self._run(weights, images)[-1])
        # Each image's logit depends on its own pixels alone: the sum's gradient has all of them.
        self._gradients = jax.jit(
            jax.grad(lambda images, weights, label: self._run(weights, images)[-1][:, label].sum())
        )

    def _run(self, weights: Any, images: Any) -> list[Any]:  # noqa: ANN401
        outputs = []
        for layer, (trainable, non_trainable) in zip(self.layers[:-1], weights[:-1], strict=True):
            images, _ = layer.stateless_call(trainable, non_trainable, images)
            outputs.append(images)
        kernel, bias = weights[-1][0]
        return [*outputs, images @ kernel + bias]

    def outputs(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """What every layer makes of one image.

        Args:
            image: float32 (height, width, channels) in [0, 1].

        Returns:
            Layer name to float32 array, in the network's order. The last layer's are the logits:
            what its softmax is taken of.
        """
        outputs = self._outputs(self._weights, image[None])
        return {
            layer.name: np.asarray(output[0])
            for layer, output in zip(self.layers, outputs, strict=True)
        }

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits of images.

        Args:
            images: float32 (n, height, width, channels) in [0, 1].

        Returns:
            float32 (n, classes).
        """
        return _in_batches(lambda batch: self._logits(self._weights, batch), images)

    def gradients(self, images: np.ndarray, label: int) -> np.ndarray:
        """Gradients of one class's logit with respect to the pixels.

        Args:
            images: float32 (n, height, width, channels) in [0, 1].
            label: The class.

        Returns:
            float32 (n, height, width, channels), logits per unit of a pixel in [0, 1].
        """
        return _in_batches(lambda batch: self._gradients(batch, self._weights, label), images)


def _in_batches(function: Callable[[np.ndarray], Any], images: np.ndarray) -> np.ndarray:
    n = len(images)
    parts = [
        np.asarray(function(images[np.arange(start, start + BATCH) % n]))
        for start in range(0, n, BATCH)
    ]
    return np.concatenate(parts)[:n]
