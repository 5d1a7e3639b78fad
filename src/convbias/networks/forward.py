"""What networks make of stored images: passes over many of them, compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.errors import InputError

LARGEST_BATCH = 256

Weights = tuple[list[jax.Array], list[jax.Array]]


def weights_of(network: keras.Model) -> Weights:
    """A network's trainable and other variables, in the order that `stateless_call` takes.

    Handed to a compiled function as an argument, they are not compiled into it.
    """
    trainable: list[Any] = network.trainable_variables
    others: list[Any] = network.non_trainable_variables
    return [one.value for one in trainable], [one.value for one in others]


def apply(network: keras.Model, weights: Weights, images: jax.Array) -> Any:  # noqa: ANN401
    """A network's outputs without dropout, or the list of them where it has several.

    Args:
        network: Its layers; its own weights are not used.
        weights: From `weights_of`.
        images: float32 (n, height, width, channels).
    """
    called: Any = network.stateless_call(*weights, images, training=False)
    return called[0]


def side_of(network: keras.Model) -> int:
    """Pixels per side of the images that a network takes."""
    shape: Any = network.input_shape
    return shape[1]


def pixels_of(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Stored images as a network takes them, checked.

    Args:
        network: Takes float32 (n, height, width, channels) in [0, 1].
        images: uint8 (n, height, width, channels), n at least 1.

    Returns:
        float32 of the same shape, in [0, 1].

    Raises:
        InputError: The images have another type or shape, or there are none.
    """
    expected = tuple(network.input_shape[1:])
    if images.dtype != np.uint8 or images.shape[1:] != expected or not len(images):
        raise InputError(
            f"images are {images.dtype} {images.shape}",
            f"uint8 (n, {', '.join(map(str, expected))}) with n at least 1, as the network was"
            " built for",
            "pass the images of a Dataset, not scaled to [0, 1]",
        )
    return images.astype(np.float32) / np.float32(255)


def answers(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """The class that a network takes each image for.

    Args:
        network: Gives a score per class, (n, classes).
        images: uint8 (n, height, width, channels), n at least 1.

    Returns:
        int64 (n,), the class with the highest score; of equal ones the first.
    """
    predictor: Any = network  # Keras' own annotations take `verbose` as a string alone
    pixels = pixels_of(network, images)
    scores = predictor.predict(pixels, batch_size=LARGEST_BATCH, verbose=0)
    return np.argmax(scores, axis=1)


def scaled(images: jax.Array) -> jax.Array:
    """Pixels as networks take them: uint8 of any shape to float32 in [0, 1]."""
    return images.astype(jnp.float32) / 255


def compiled(network: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A network as a function of stored images, compiled once for all calls.

    Args:
        network: Gives a score per class, (n, classes).

    Returns:
        From uint8 (n, height, width, channels), n at least 1, to the scores, float32 (n, classes).
        A call with another number of images per batch is compiled anew.
    """

    @jax.jit
    def scores(weights: Weights, batch: jax.Array) -> jax.Array:
        return apply(network, weights, scaled(batch))

    weights = weights_of(network)
    return lambda images: in_batches(lambda batch: scores(weights, batch), images)


def in_batches(
    function: Callable[[np.ndarray], Any], images: np.ndarray, largest: int = LARGEST_BATCH
) -> np.ndarray:
    """Apply a function batch by batch, always with one shape, so that it is compiled once.

    Args:
        function: From images (b, ...) to results (b, ...), each of its image alone.
        images: Any type (n, ...), n at least 1.
        largest: Images per batch at most; batches are as equal as they can be.

    Returns:
        The results (n, ...).

    Example:
        >>> in_batches(lambda batch: batch * 2, np.arange(5), largest=3).tolist()
        [0, 2, 4, 6, 8]
    """
    count = len(images)
    size = -(-count // -(-count // largest))
    parts = [
        np.asarray(function(images[np.arange(start, start + size) % count]))
        for start in range(0, count, size)
    ]
    return np.concatenate(parts)[:count]
