"""Copy a trained CNN into locally connected and dense layers, and compare the outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np

from convbias.errors import InputError
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.convolution import images_first, images_last
from convbias.networks.forward import check_images, scaled
from convbias.networks.layers import LocalConnection
from convbias.networks.local_connection import connect_locally, dense_matrix, local_kernels
from convbias.spec.datasets import FASHION_MNIST

BATCH = 500  # all maps of a batch are held at once
# The first test images; the result is an identity, which more images would hardly test better.
IMAGES = 1_000  # of Fashion-MNIST

# Number of elements, 32 MiB: the whole matrix of the experiments' widest layer would take 1.5 GB.
LARGEST_MATRIX = 2**23

Multiply = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def embedding_errors(network: keras.Model, images: np.ndarray) -> dict[str, float]:
    """Copy all convolutions into locally connected layers, and those into dense ones.

    Both copies start from the image and use their own activations, so that an error in one layer
    propagates to the probabilities.

    Args:
        network: From float32 (n, side, side, channels) in [0, 1] to probabilities. Its convolutions
            have stride 1 and same padding; they may be locally connected already.
        images: uint8 (n, side, side, channels), n at least 1.

    Returns:
        `embedding_error_local`, where convolutions share their kernels, and
        `embedding_error_dense`: the largest absolute difference of a probability from the
        network's own. Empty for a network that neither convolves nor is locally connected.

    Raises:
        InputError: A convolution has strides, another padding or another activation than ReLU, or
            the images are not the network's.
    """
    check_images(network, images)
    shared, local = (
        any(isinstance(layer, kind) for layer in network.layers)
        for kind in (keras.layers.Conv2D, LocalConnection)
    )
    copies: dict[str, Multiply] = {}
    if shared:
        copies["embedding_error_local"] = _locally
    if shared or local:
        copies["embedding_error_dense"] = _densely
    if not copies:
        return {}
    errors = dict.fromkeys(copies, 0.0)
    for start in range(0, len(images), BATCH):
        given = np.asarray(scaled(jnp.asarray(images[start : start + BATCH])))
        own = _outputs(network, given, None)
        for name, multiply in copies.items():
            differences = np.abs(_outputs(network, given, multiply) - own)
            # In this order a NaN is kept.
            errors[name] = float(np.maximum(errors[name], differences.max()))
    return errors


def _outputs(network: keras.Model, pixels: np.ndarray, multiply: Multiply | None) -> np.ndarray:
    """A network's outputs, with its kernels multiplied by `multiply` where that is given."""
    outputs: Any = pixels
    for layer in network.layers:
        if multiply is None or not isinstance(layer, keras.layers.Conv2D | LocalConnection):
            outputs = np.asarray(layer(outputs, training=False))
            continue
        kernels, size = _kernels(layer)
        outputs = multiply(outputs, kernels, size) + np.asarray(layer.bias)
        outputs = np.maximum(outputs, 0)
    return outputs


def _kernels(layer: keras.layers.Conv2D | LocalConnection) -> tuple[np.ndarray, int]:
    """A kernel for every pixel, and the number of pixels per side of each."""
    kernel: Any = layer.kernel
    size: Any = layer.kernel_size
    if isinstance(layer, LocalConnection):
        return np.asarray(kernel), size
    wanted = (layer.padding, layer.strides, layer.activation)
    if wanted != ("same", (1, 1), keras.activations.relu):
        raise InputError(
            f"{layer.name} has {layer.padding} padding, strides {layer.strides} and the activation"
            f" {keras.activations.serialize(layer.activation)}",
            "same padding, stride 1 and ReLU, as locally connected layers have",
        )
    output: Any = layer.output
    _, height, width, _ = output.shape
    return local_kernels(np.asarray(kernel), height * width), size[0]


def _locally(images: np.ndarray, kernels: np.ndarray, size: int) -> np.ndarray:
    outputs = connect_locally(images_last(jnp.asarray(images)), jnp.asarray(kernels), size)
    return np.asarray(images_first(outputs))


def _densely(images: np.ndarray, kernels: np.ndarray, size: int) -> np.ndarray:
    """Multiply as one dense layer, a few output channels at a time to save memory.

    Args:
        images: float32 (n, height, width, channels_in).
        kernels: float32 (height * width, size * size * channels_in, channels_out).
        size: Pixels per side of a kernel.

    Returns:
        float32 (n, height, width, channels_out).
    """
    count, height, width, channels_in = images.shape
    pixels, _, channels_out = kernels.shape
    together = max(1, LARGEST_MATRIX // (pixels * channels_in * pixels))
    flat = images.reshape(count, -1)
    parts = [
        flat @ dense_matrix(kernels[:, :, start : start + together], height, width, size)
        for start in range(0, channels_out, together)
    ]
    return np.concatenate([part.reshape(count, height, width, -1) for part in parts], axis=-1)


def measure(subject: Subject) -> MeasureValues:
    """Both errors on the first test images; no numbers for a network without feature maps."""
    # The dense matrices, and the time that they take, grow with the fourth power of the side.
    count = max(1, int(IMAGES * min(1, (FASHION_MNIST.side / subject.dataset.side) ** 4)))
    images = subject.dataset.test_images[subject.first(count, subject.dataset.test_labels)]
    errors = embedding_errors(subject.network, images)
    return MeasureValues(errors, images=len(images) if errors else None)
