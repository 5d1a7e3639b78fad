"""Does it matter to a dense network that neighbouring pixels are neighbours?

Published: Li, Zhang and Arora 2021, "Why Are Convolutional Nets More Sample-Efficient than
Fully-Connected Nets?" (arXiv 2010.08515). Gradient descent on a dense network whose first layer has
normal initial weights is equivariant to orthogonal matrices: trained on images multiplied by one,
the network has the same distribution of outcomes. (With Adam only permutations have this property.)
The theorem does not hold for a CNN; that it loses on such images is the consequence that lets the
check fail.

Measured: one random orthogonal matrix is multiplied to the 784 standardised pixels of all images of
Fashion-MNIST. The study's dense network and its 3x3 CNN are trained on plain and on rotated images
by gradient descent with momentum 0.9, from normal initial weights; 5,000 training images, a new
subset per seed, for 10 epochs. The rates were searched for each network and kind of images on 2,000
validation images, in steps of a factor 2, with two seeds that are not used again.

Rule: dense, rotated minus plain: agrees if the interval of the difference in test accuracy lies
within 0.5 percentage points of zero, disagrees if outside. CNN: agrees if it lies below zero,
disagrees if above.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.harness import Plan, Record

from convbias.data import load, split, subset
from convbias.networks.forward import in_batches
from convbias.spec.datasets import DatasetName
from tools.external.check import Check, Comparison, over_seeds
from tools.external.training import Training, Weights, convolve, cross_entropy, momentum

MARGIN = 0.5  # percentage points
PIXELS, CLASSES = 784, 10
NETWORKS = ("dense", "cnn")
INPUTS = ("plain", "rotated")
SETTING = {
    "dataset": "fashion-mnist",
    "training_images": 3_000,
    "validation_images": 2_000,
    "batch": 50,
    "epochs": 10,
    "rates": {
        "dense": [0.00125, 0.0025, 0.005, 0.01, 0.02],
        "cnn": [0.005, 0.01, 0.02, 0.04, 0.08],
    },
    "search_seeds": [100, 101],
    "seeds": {"dense": 30, "cnn": 10},
}
# The best of the rates on validation images; a test compares them with the stored search.
RATES = {
    ("dense", "plain"): 0.005,
    ("dense", "rotated"): 0.005,
    ("cnn", "plain"): 0.02,
    ("cnn", "rotated"): 0.02,
}
DROPOUT = {"dense": 0.2, "cnn": 0.3}
PART = {"dense": 50, "cnn": 10}


class Images(NamedTuple):
    """float32 (n, 28, 28, 1) standardised pixels and int32 (n,) labels."""

    pixels: np.ndarray
    labels: np.ndarray


def orthogonal_matrix(size: int, random: np.random.Generator) -> np.ndarray:
    """Draw an orthogonal matrix, all alike likely (Mezzadri 2007).

    Returns:
        float64 (size, size).
    """
    factor, upper = np.linalg.qr(random.standard_normal((size, size)))
    return factor * np.sign(np.diag(upper))


@lru_cache(maxsize=2)
def _images(dataset: DatasetName, inputs: str) -> tuple[Images, Images]:
    """All training and all test images, standardised, and rotated if asked."""
    data = load(dataset)
    both = []
    for pixels, labels in (
        (data.train_images, data.train_labels),
        (data.test_images, data.test_labels),
    ):
        flat = pixels.reshape(len(pixels), PIXELS).astype(np.float32) / 255
        flat = (flat - np.float32(data.pixel_mean)) / np.float32(data.pixel_std)
        if inputs == "rotated":
            matrix = orthogonal_matrix(PIXELS, np.random.default_rng([2010, 8515]))
            flat = flat @ matrix.astype(np.float32)
        both.append(Images(flat.reshape(pixels.shape), labels.astype(np.int32)))
    return both[0], both[1]


def initial_weights(network: str, random: np.random.Generator) -> list[tuple[jax.Array, jax.Array]]:
    """Normal kernels with the variance of Glorot's, and biases of zero, layer by layer."""
    shapes = {
        "dense": ((PIXELS, 128), (128, 64), (64, CLASSES)),
        "cnn": ((3, 3, 1, 32), (3, 3, 32, 64), (7 * 7 * 64, 128), (128, CLASSES)),
    }
    layers = []
    for shape in shapes[network]:
        fans = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        kernel = random.standard_normal(shape) * math.sqrt(2 / fans)
        layers.append((jnp.asarray(kernel, jnp.float32), jnp.zeros(shape[-1])))
    return layers


def logits(network: str, weights: Weights, images: jax.Array, key: jax.Array | None) -> jax.Array:
    """Logits (n, 10) of images (n, 28, 28, 1).

    Args:
        network: One of `NETWORKS`.
        weights: As `initial_weights`.
        images: Standardised pixels.
        key: Random key of dropout, which is off without one.
    """
    *layers, (last, last_bias) = weights
    values = images
    if network == "cnn":
        for kernel, bias in layers[:2]:
            around = jnp.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
            values = jax.nn.relu(convolve(around, kernel) + bias)
            count, side, _, channels = values.shape
            values = values.reshape(count, side // 2, 2, side // 2, 2, channels).max(axis=(2, 4))
        layers = layers[2:]
    values = values.reshape(len(images), -1)
    for number, (kernel, bias) in enumerate(layers):
        values = jax.nn.relu(values @ kernel + bias)
        if key is not None:
            share = DROPOUT[network]
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - share, values.shape)
            values = jnp.where(kept, values / (1 - share), 0)
    return values @ last + last_bias


@lru_cache(maxsize=4)  # compiled once for many seeds
def _training(network: str, rate: float) -> Training:
    def loss(weights: Weights, images: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        return cross_entropy(logits(network, weights, images, key), labels)

    return Training(loss, momentum(rate), PART[network])


def trained(
    network: str, training_images: Images, rate: float, seed: int, setting: dict[str, Any]
) -> Weights:
    """Train a network from its initial weights."""
    random = np.random.default_rng([seed, 2010, 8515])
    weights = initial_weights(network, random)
    training = _training(network, rate)
    memory = training.start(weights)
    pixels, labels = map(jnp.asarray, training_images)
    for epoch in range(setting["epochs"]):
        order = random.permutation(len(labels)).reshape(-1, setting["batch"])
        key = jax.random.fold_in(jax.random.key(seed), epoch)
        weights, memory = training.epoch(weights, memory, pixels, labels, order, key)
    return weights


def accuracy(network: str, weights: Weights, images: Images) -> float:
    """Accuracy in per cent."""
    outputs = in_batches(partial(_predict, network, weights), images.pixels, largest=200)
    return round(100 * float((outputs.argmax(axis=1) == images.labels).mean()), 4)


@partial(jax.jit, static_argnums=0)
def _predict(network: str, weights: Weights, images: jax.Array) -> jax.Array:
    return logits(network, weights, images, None)


def run(
    setting: dict[str, Any], scored_on: str, network: str, inputs: str, rate: float, seed: int
) -> dict[str, float]:
    """Train one network and score it.

    Args:
        setting: As `SETTING`.
        scored_on: `validation` or `test`.
        network: One of `NETWORKS`.
        inputs: One of `INPUTS`.
        rate: Learning rate.
        seed: Of the subset, the initial weights and the order of the images.

    Returns:
        The accuracy in per cent.
    """
    everything, test = _images(setting["dataset"], inputs)
    among, held_out = split(everything.labels, seed, setting["validation_images"])
    chosen = subset(among, everything.labels, setting["training_images"], seed)
    weights = trained(
        network, Images(everything.pixels[chosen], everything.labels[chosen]), rate, seed, setting
    )
    validation = Images(everything.pixels[held_out], everything.labels[held_out])
    return {
        "accuracy": accuracy(network, weights, validation if scored_on == "validation" else test)
    }


def plan(setting: dict[str, Any]) -> Plan:
    """The search for rates, then one run per seed, network and kind of images."""
    for network in NETWORKS:
        for inputs in INPUTS:
            shared = {"network": network, "inputs": inputs}
            for rate in setting["rates"][network]:
                for seed in setting["search_seeds"]:
                    keys = {"scored_on": "validation", **shared, "rate": rate, "seed": seed}
                    yield keys, partial(run, setting, **keys)
    for (network, inputs), rate in RATES.items():
        for seed in range(setting["seeds"][network]):
            keys = {"scored_on": "test", "network": network, "inputs": inputs}
            keys |= {"rate": rate, "seed": seed}
            yield keys, partial(run, setting, **keys)


def compare(record: Record) -> list[Comparison]:
    """Rotated minus plain test accuracy of both networks, seed by seed."""
    rows = []
    for network, published, agreeing in (
        ("dense", "0", (-MARGIN, MARGIN)),
        ("cnn", "below 0", (-math.inf, 0.0)),
    ):
        plain, rotated = (_accuracies(record, network, inputs) for inputs in INPUTS)
        differences = [rotated[seed] - plain[seed] for seed in plain]
        mean, interval = over_seeds(differences)
        rows.append(
            Comparison(
                what=f"{network}: test accuracy on rotated minus on plain images (points)",
                published=published,
                ours=mean,
                interval=interval,
                count=f"{len(differences)} seeds",
                agreeing=agreeing,
                digits=2,
            )
        )
    return rows


def _accuracies(record: Record, network: str, inputs: str) -> dict[int, float]:
    runs = record.where(scored_on="test", network=network, inputs=inputs)
    return {run["seed"]: run["accuracy"] for run in runs}


def about(record: Record) -> str:
    """What was done and how it differs."""
    means = {
        (network, inputs): np.mean(list(_accuracies(record, network, inputs).values()))
        for network in NETWORKS
        for inputs in INPUTS
    }
    told = "; ".join(
        f"{network}, {inputs} {mean:.2f} %" for (network, inputs), mean in means.items()
    )
    rates = "; ".join(f"{network}, {inputs} {rate:g}" for (network, inputs), rate in RATES.items())
    return f"""One random orthogonal matrix is multiplied to the 784 standardised pixels of every
image. The theorem says that the dense network's accuracies then have the same distribution; it
is exact for gradient descent from normal initial weights, so the study's own recipe is not
used: Adam scales every weight for itself and is equivariant to permutations only, and the
study's initial weights are uniform, whose distribution changes under rotation (Muon's steps for
the first layer are equivariant). The matrix leaves nothing of locality to a CNN, which
therefore must lose; this is the control that the matrix does something, not a number of the
paper. The theorem is about any distribution of images; here it is Fashion-MNIST, with
{SETTING["training_images"]:,} training images and {SETTING["epochs"]} epochs. The CNN has the
study's two 3 x 3 convolutions, but a flattening instead of the global average, which learns too
slowly for so few steps. Means: {told}. Best rates on validation images: {rates}."""


CHECK = Check(
    name="rotation",
    title="Does a dense network notice that all images were rotated in pixel space?",
    paper="Li, Zhang and Arora 2021",
    arxiv="2010.08515",
    setting=SETTING,
    plan=plan,
    compare=compare,
    about=about,
    small={
        "dataset": "drawn",
        "training_images": 50,
        "validation_images": 10,
        "epochs": 1,
        "rates": {"dense": [0.01], "cnn": [0.01]},
        "search_seeds": [100],
        "seeds": {"dense": 2, "cnn": 2},
    },
)
