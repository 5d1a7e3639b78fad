"""Small networks with random weights for the measures of shifts."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from convbias.data import Dataset
from convbias.measures.base import Subject
from convbias.networks.layers import AntialiasedPooling, CircularPadding, LocalConnection
from convbias.spec.arms import Model
from factories import make_arm

CLASSES = 5


@keras.saving.register_keras_serializable("convbias-tests")
class Normal(keras.initializers.Initializer):
    """Drawn by NumPy, because JAX compiles its generator for every shape anew."""

    def __call__(self, shape, dtype=None):
        return np.random.default_rng(3).normal(scale=0.5, size=shape).astype(dtype or "float32")


INITIAL = Normal()


def convolution(
    number: int,
    padding: str = "same",
    activation: str = "relu",
    kind=keras.layers.Conv2D,
    **options,
):
    """One convolution of four filters, after its own circular padding where that is asked for.

    Stock layers compile sooner than the package's own, which compute the same.
    """
    layer = kind(
        4,
        3,
        padding="valid" if padding == "circular" else padding,
        activation=activation,
        kernel_initializer=INITIAL,
        bias_initializer=INITIAL,
        name=f"conv_{number}",
        **options,
    )
    around = CircularPadding(1, name=f"around_{number}")
    return [around, layer] if padding == "circular" else [layer]


def downsampling(number: int, method: str = "none", *, circular: bool = False):
    name = f"pool_{number}"
    if method == "max":
        return [keras.layers.MaxPooling2D(2, name=name)]
    if method in ("blur", "polyphase"):
        return [AntialiasedPooling(method, circular=circular, name=name)]
    return []


def trunk(padding: str = "same", method: str = "none", activation: str = "relu"):
    """Two convolutions, each followed by downsampling."""
    strides = {"strides": 2} if method == "stride" else {}
    layers = []
    for number in (1, 2):
        layers += convolution(number, padding, activation, **strides)
        layers += downsampling(number, method, circular=padding == "circular")
    return layers


def local_trunk():
    pooling = keras.layers.MaxPooling2D(2, name="pool_1")
    return [LocalConnection(2, 3, INITIAL, name="conv_1"), pooling]


def classifier(layers: Sequence[keras.layers.Layer], side: int, head: str = "average"):
    """A network from images of that side to probabilities of five classes."""
    reduce = keras.layers.GlobalAveragePooling2D if head == "average" else keras.layers.Flatten
    last = keras.layers.Dense(
        CLASSES, activation="softmax", kernel_initializer=INITIAL, name="probabilities"
    )
    return keras.Sequential([keras.Input((side, side, 1)), *layers, reduce(name="head"), last])


def random_images(n: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 1), dtype=np.uint8)


def subject(network: keras.Model, model: Model) -> Subject:
    """A network as experiments hand it to measures, with twelve images of noise."""
    images, labels = random_images(12, 28), (np.arange(12) % 10).astype(np.uint8)
    dataset = Dataset("drawn", images, labels, images, labels)
    return Subject(network, make_arm(model), 0, dataset, dataset)
