"""Run networks over images: compiled once, batch by batch, without dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.errors import InputError

LARGEST_BATCH = 256

# Vector instructions divide it evenly, so an image's logits and gradients are the same to the last
# bit wherever it stands in a batch.
EXPLAINED_BATCH = 128

Apply = Callable[[jax.Array], Any]


def compiled(
    network: keras.Model,
    compute: Callable[..., Any] = lambda apply, images: apply(images),
    *,
    largest: int = LARGEST_BATCH,
    fixed: bool = False,
) -> Callable[..., Any]:
    """Compile a network, or what is computed with it, as a function of images.

    Args:
        network: Takes float32 (n, height, width, channels) in [0, 1].
        compute: From `apply`, which gives the network's outputs (a list where it has several) for
            such images, the images (b, height, width, channels), and any further arguments of the
            call, to an array (b, ...) or a tree of them, each row computed from its own image
            alone. By default the network's outputs.
        largest: Images per batch at most.
        fixed: As for `in_batches`.

    Returns:
        From images (n, height, width, channels), n at least 1, uint8 or float32 in [0, 1], and
        further arguments for `compute` to NumPy arrays (n, ...). It uses the weights that the
        network has when it is called, and raises InputError for images of another type or shape.

    Example:
        >>> from convbias.networks import models
        >>> from convbias.spec.arms import Dense
        >>> network = models.build(Dense(), seed=0)
        >>> compiled(network)(np.zeros((3, 28, 28, 1), np.uint8)).shape
        (3, 10)
    """

    # The weights are arguments: XLA would spend seconds on computing with constants.
    @jax.jit
    def run(weights: Any, batch: jax.Array, *arguments: Any) -> Any:  # noqa: ANN401
        def apply(images: jax.Array) -> Any:  # noqa: ANN401 - Keras annotates no stateless call
            called: Any = network.stateless_call(*weights, images, training=False)
            return called[0]

        return compute(apply, scaled(batch), *arguments)

    def over_images(images: np.ndarray, *arguments: Any) -> Any:  # noqa: ANN401
        check_images(network, images)
        variables: Any = network.trainable_variables, network.non_trainable_variables
        weights = [[variable.value for variable in each] for each in variables]
        return in_batches(
            lambda batch: run(weights, batch, *arguments), images, largest, fixed=fixed
        )

    return over_images


def in_batches(
    function: Callable[[np.ndarray], Any],
    images: np.ndarray,
    largest: int = LARGEST_BATCH,
    *,
    fixed: bool = False,
) -> Any:  # noqa: ANN401 - as the function returns
    """Apply a function batch by batch, always with one shape, so that it is compiled once.

    Args:
        function: From images (b, ...) to an array (b, ...) or a tree of them, each row computed
            from its own image alone.
        images: Any type (n, ...), n at least 1.
        largest: Images per batch at most.
        fixed: Whether every batch has `largest` images, so that calls with other numbers of images
            are not compiled anew. Otherwise batches are as equal as they can be.

    Returns:
        The results as NumPy arrays (n, ...), in the function's tree.

    Example:
        >>> in_batches(lambda batch: batch * 2, np.arange(5), largest=3).tolist()
        [0, 2, 4, 6, 8]
    """
    count = len(images)
    size = largest if fixed else -(-count // -(-count // largest))
    # The last batch is filled up with the first images. Nothing waits for a batch's results before
    # the next one is sent to the device.
    parts = [
        function(images[np.arange(start, start + size) % count]) for start in range(0, count, size)
    ]
    return jax.tree.map(lambda *each: np.concatenate(each)[:count], *parts)


def to_logits(network: keras.Model) -> keras.Model:
    """The same network, with the same weights, but for the softmax at its end.

    Args:
        network: From (n, height, width, channels) to probabilities, a dense layer with softmax
            being the last.

    Returns:
        From the same images to logits (n, classes).

    Raises:
        InputError: The last layer is another one.
    """
    last: Any = network.layers[-1]
    softmax = keras.activations.softmax
    if not isinstance(last, keras.layers.Dense) or last.activation is not softmax:
        raise InputError(
            f"the network ends in the layer {last.name}, {type(last).__name__}",
            "a dense layer with softmax",
            "use networks that `convbias train` or `convbias study` has stored",
        )
    linear: Any = keras.layers.Dense.from_config({**last.get_config(), "activation": "linear"})
    logits = keras.Model(network.inputs, linear(last.input))
    linear.set_weights(last.get_weights())
    return logits


class Forward:
    """A classifier's logits, their gradients and every layer's output.

    Args:
        network: A sequence of layers from (n, height, width, channels) to probabilities, a dense
            layer with softmax being the last.

    Raises:
        InputError: The last layer is another one.
    """

    def __init__(self, network: keras.Model) -> None:
        self.layers: list[Any] = list(network.layers)  # Keras does not annotate them
        logits = to_logits(network)
        outputs = [*(layer.output for layer in self.layers[:-1]), logits.outputs[0]]
        self._outputs = compiled(keras.Model(network.inputs, outputs))
        self._logits = compiled(logits, largest=EXPLAINED_BATCH, fixed=True)
        self._gradients = compiled(logits, _gradients, largest=EXPLAINED_BATCH, fixed=True)

    def outputs(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """What every layer makes of one image.

        Args:
            image: float32 (height, width, channels) in [0, 1].

        Returns:
            Layer name to float32 array, in the network's order. The last layer's are the logits:
            what its softmax is taken of.
        """
        outputs = jax.tree.leaves(self._outputs(image[None]))
        return {layer.name: output[0] for layer, output in zip(self.layers, outputs, strict=True)}

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits of images.

        Args:
            images: float32 (n, height, width, channels) in [0, 1].

        Returns:
            float32 (n, classes).
        """
        return self._logits(images)

    def gradients(self, images: np.ndarray, label: int) -> np.ndarray:
        """Gradients of one class's logit with respect to the pixels.

        Args:
            images: float32 (n, height, width, channels) in [0, 1].
            label: The class.

        Returns:
            float32 (n, height, width, channels), logits per unit of a pixel in [0, 1].
        """
        return self._gradients(images, label)


def _gradients(apply: Apply, images: jax.Array, label: int) -> jax.Array:
    # Each image's logit depends on its own pixels alone: the sum's gradient has all of them.
    return jax.grad(lambda images: apply(images)[:, label].sum())(images)


def side_of(network: keras.Model) -> int:
    """Pixels per side of the images that a network takes."""
    shape: Any = network.input_shape
    return shape[1]


def scaled(images: jax.Array) -> jax.Array:
    """Pixels as networks take them: uint8 of any shape to float32 in [0, 1]; float32 stays."""
    return images.astype(jnp.float32) / 255 if images.dtype == jnp.uint8 else images


def check_images(network: keras.Model, images: np.ndarray) -> None:
    """Make sure that a network can take images.

    Args:
        network: Takes float32 (n, height, width, channels) in [0, 1].
        images: uint8 or float32 in [0, 1] (n, height, width, channels), n at least 1.

    Raises:
        InputError: The images have another type or shape, or there are none.
    """
    expected = tuple(network.input_shape[1:])
    if (
        images.dtype not in (np.uint8, np.float32)
        or images.shape[1:] != expected
        or not len(images)
    ):
        raise InputError(
            f"images are {images.dtype} {images.shape}",
            f"uint8 (n, {', '.join(map(str, expected))}) with n at least 1, the shape that the"
            " network was built for",
            "pass the images of a Dataset; float32 in [0, 1] is possible, too",
        )
