"""What numbers depend on changes only with the version of the numerics.

`FINGERPRINTS` stores one fingerprint for each version. It covers random streams, splits, orders and
varied images, layers with their sizes and seeds, and the optimisers' constants. What the layers and
the optimisers compute with them is compared with NumPy in the other tests of this folder.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import keras
import numpy as np

from convbias.data import Dataset, halves, split, variants
from convbias.networks import models, muon, optimisers
from convbias.networks.training import epoch_orders, split_of
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.datasets import DATASETS, FASHION_MNIST
from convbias.spec.numerics import NUMERICS_VERSION
from convbias.spec.recipes import classic, scheduled
from convbias.spec.streams import Stream
from factories import grey

FINGERPRINTS = {1: "e9c4450a31e1de657803e1b1f0d6ca92d968fafff4b035b8ddbd7899b30dcb24"}

MODELS: tuple[Model, ...] = (
    Dense(),
    Convolutional(),
    Convolutional(kernel_size=5, filters=(8, 16, 32), head="flatten", dropout=0.5),
    Convolutional(dilation=2, padding="circular", downsampling="blur"),
    Convolutional(padding="circular", downsampling="polyphase"),
    Convolutional(padding="valid", downsampling="stride", frozen=True),
    Convolutional(sharing="local", downsampling="none"),
    Convolutional(kernel_size=2, downsampling="average"),
)
# Settings of layers that say what they compute; others, such as data types, are Keras' own.
SETTINGS = (
    *("units", "filters", "kernel_size", "strides", "padding", "dilation_rate", "activation"),
    *("use_bias", "pool_size", "rate", "seed", "scale", "offset", "method", "circular", "pixels"),
    *("trainable", "kernel_initializer", "bias_initializer"),
)
VARIANTS = (
    DataVariant(shuffled_blocks=7),
    DataVariant(canvas=40, largest_shift=6),
    DataVariant(canvas=40, largest_shift=6, shifted="left"),
    DataVariant(canvas=40, corners="tied"),
    DataVariant(canvas=40, corners="free"),
    DataVariant(canvas=40, corners="free", stimuli="patches"),
)
PIXELS = (np.arange(2_000 * 28 * 28) * 2_654_435_761 >> 20).astype(np.uint8)
LABELS = (np.arange(2_000) % 10).astype(np.uint8)
IMAGES = PIXELS.reshape(2_000, 28, 28, 1)
DATASET = Dataset("fashion-mnist", IMAGES, LABELS, IMAGES[:100], LABELS[:100])


def layers(model: Model) -> list[Any]:
    # Without weights, because drawing them compiles for every shape; their seeds are settings.
    with keras.StatelessScope(initialize_variables=False):
        network = models.build(model, seed=3, standardise=(0.25, 0.5), dimensions=grey(12))
    return [
        [
            type(layer).__name__,
            {name: value for name, value in layer.get_config().items() if name in SETTINGS},
            [weight.shape for weight in layer.weights],
        ]
        for layer in network.layers
    ]


def images(variant: DataVariant) -> list[str]:
    varied = variants.vary(DATASET, variant)
    parts = (varied.train_images, varied.train_labels, varied.test_images, varied.test_labels)
    return [checksum(part) for part in parts]


def orders(images_per_epoch: int | None) -> list[str]:
    arm = Arm(data=DataVariant(training_images=150), model=Dense(), recipe=classic(2))
    training, _ = split_of(arm, 3, DATASET)
    epochs = epoch_orders(training, 3, images_per_epoch)
    return [checksum(order) for order in itertools.islice(epochs, 3)]


def optimiser(recipe: Any) -> dict[str, Any]:
    settings = optimisers.build(recipe, 10, "probabilities").get_config()
    rates = optimisers.learning_rate(recipe, 10)
    if callable(rates):
        settings["learning_rate"] = [
            float(f"{float(rates(step)):.5g}") for step in (0, 1, 3, 16, 30)
        ]
    names = ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay", "clipnorm")
    return {name: settings.get(name) for name in names}


def checksum(array: np.ndarray) -> str:
    content = np.ascontiguousarray(array.astype(f"<{array.dtype.kind}{array.dtype.itemsize}"))
    return hashlib.sha256(content.tobytes()).hexdigest()[:16]


def fingerprint() -> str:
    """SHA-256 of everything that this test knows to change numbers."""
    everything = {
        "streams": {stream.name: stream.value for stream in Stream},
        "split": [checksum(part) for part in split(LABELS, seed=3)],
        "orders": [orders(None), orders(350)],
        "halves": [checksum(part) for part in halves(np.arange(2_000), LABELS, seed=3)],
        "images": [images(variant) for variant in VARIANTS],
        "seeds": [variants.SEED, variants.TEST_PATCHES_SEED],
        "corner classes": DATASETS["fashion-mnist"].corner_classes,
        "classes": FASHION_MNIST.classes,
        "layers": {model.name: layers(model) for model in MODELS},
        "muon": [muon.ITERATIONS, muon.COEFFICIENTS, muon.MOMENTUM, muon.ADAM_SHARE],
        "optimisers": [optimiser(classic(3)), optimiser(scheduled(3, 0.02))],
    }
    canonical = json.dumps(everything, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def test_the_version_tells_when_numbers_change() -> None:
    found = fingerprint()
    assert FINGERPRINTS.get(NUMERICS_VERSION) == found, (
        "something that numbers depend on has changed: raise NUMERICS_VERSION in"
        f" convbias/spec/numerics.py and store the new fingerprint {found} for it here; if only a"
        " name has changed, or something was added, store it for the present version"
    )
