"""What a network makes of stored images, for the measures that look inside or score answers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from convbias.errors import InputError

BATCH = 256


def scaled(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Turn stored images into what a network takes.

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
    scores = predictor.predict(scaled(network, images), batch_size=BATCH, verbose=0)
    return np.argmax(scores, axis=1)
