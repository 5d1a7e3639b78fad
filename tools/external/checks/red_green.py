"""Can a network with a global maximum tell where in the image something is?

Published: Kayhan and van Gemert 2020, "On Translation Invariance in CNNs" (arXiv 2003.07064), the
red-green test. A red and a green square lie beside each other on black. The class is their order,
red or green first; but in training one class is always in the upper half, the other in the lower.
Test images are `similar` when each class is in its half, and `dissimilar` when it is in the other.
A network that goes by the order scores the same on both; one that goes by the place is right on the
similar and wrong on the dissimilar ones. Accuracies over 10 initialisations, in per cent:

    convolution                   similar    dissimilar
    valid (no padding)            100.0      0.2
    same, zeros around            99.8       8.4
    same, circular                73.7       73.7
    full (two zeros around)       89.7       89.7

with standard deviations of 0.1 to 1.0; here 1.0 is taken for all.

Measured: the same, with the authors' published program as the description
(github.com/oskyhn/CNNs-Without-Borders): four 3 x 3 convolutions without biases (32, 32, 64, 64
filters, strides 1, 2, 2, 2), ReLU, a global maximum, two outputs; 2,000 training images of 32 x 32
pixels with squares of 4 x 4; batches of 200 in a fixed order; Adadelta with weight decay 5e-5; at
most 50 epochs, stopped after nine without a lower validation loss; the weights of the lowest.
Validation and similar images are the first 1,000 training images, as the program draws them.

Rule: a cell agrees if the interval of our mean minus the published one lies within 2 percentage
points of zero, and disagrees if it lies outside of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.harness import Plan, Record

from tools.external.check import Check, Comparison, mean_error, over_seeds
from tools.external.training import Training, Weights, adadelta, convolve, cross_entropy

# Padding on each side of every convolution's input, and how it is filled; by the published name.
PADDINGS: dict[str, tuple[int, str]] = {
    "valid": (0, "constant"),
    "same, zeros": (1, "constant"),
    "same, circular": (1, "wrap"),
    "full": (2, "constant"),
}
PUBLISHED = {
    "valid": (100.0, 0.2),
    "same, zeros": (99.8, 8.4),
    "same, circular": (73.7, 73.7),
    "full": (89.7, 89.7),
}
PUBLISHED_SD = 1.0
PUBLISHED_SEEDS = 10
MARGIN = 2.0  # percentage points

SIDE, BOX = 32, 4
UPPER_ROW, LOWER_ROW = 7, 23
ROWS_AROUND = 4  # rows above the class's own; one less below it
FILTERS = ((3, 32, 1), (32, 32, 2), (32, 64, 2), (64, 64, 2))  # inputs, outputs, stride
SETTING = {
    "arms": list(PADDINGS),
    "training_images": 2_000,
    "checked_images": 1_000,
    "new_images": 1_000,
    "batch": 200,
    "epochs": 50,
    "patience": 8,
    "decay": 5e-5,
    "seeds": 10,
}
PART = 10


def draw(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw images whose classes, in turn, are red before green above, and green before red below.

    Args:
        count: How many.
        random: Where the places come from.

    Returns:
        float32 (count, 32, 32, 3) images with each class in its half, the same images with each
        class in the other half, and int32 (count,) labels.
    """
    similar = np.zeros((count, SIDE, SIDE, 3), np.float32)
    dissimilar = np.zeros_like(similar)
    labels = np.arange(count, dtype=np.int32) % 2
    farthest = SIDE - BOX
    for label, here, there in zip(labels, similar, dissimilar, strict=True):
        left = random.integers(farthest // 2 - BOX)
        right = random.integers(left, farthest)
        while right - left < BOX + 1:
            right = random.integers(left, farthest)
        own, other = (UPPER_ROW, LOWER_ROW) if label == 0 else (LOWER_ROW, UPPER_ROW)
        for channel, column in ((label, left), (1 - label, right)):
            row = random.integers(-ROWS_AROUND, ROWS_AROUND)
            for picture, centre in ((here, own), (there, other)):
                top = centre + row
                picture[top : top + BOX, column : column + BOX, channel] = 1.0
    return similar, dissimilar, labels


def network(padding: tuple[int, str], weights: Weights, images: jax.Array) -> jax.Array:
    """Logits (n, 2) of images (n, 32, 32, 3)."""
    sides, mode = padding
    around = ((0, 0), (sides, sides), (sides, sides), (0, 0))
    values = images
    for kernel, (_, _, stride) in zip(weights["kernels"], FILTERS, strict=True):
        values = jax.nn.relu(convolve(jnp.pad(values, around, mode=mode), kernel, stride))
    return values.max(axis=(1, 2)) @ weights["matrix"] + weights["bias"]


def initial_weights(random: np.random.Generator) -> Weights:
    """Weights as PyTorch draws them: uniform within one over the root of a unit's inputs."""

    def uniform(shape: tuple[int, ...], inputs: int) -> jax.Array:
        limit = inputs**-0.5
        return jnp.asarray(random.uniform(-limit, limit, shape), jnp.float32)

    kernels = [uniform((3, 3, before, after), 9 * before) for before, after, _ in FILTERS]
    last = FILTERS[-1][1]
    return {
        "kernels": kernels,
        "matrix": uniform((last, 2), last),
        "bias": uniform((2,), last),
    }


@cache  # compiled once for all seeds
def _compiled(arm: str, decay: float) -> tuple[Training, Callable[..., jax.Array]]:
    """How an arm's networks are trained, and their logits (n, 2) of many images (n, ...)."""
    forward = partial(network, PADDINGS[arm])

    def loss(weights: Weights, images: jax.Array, labels: jax.Array, _: jax.Array) -> jax.Array:
        return cross_entropy(forward(weights, images), labels)

    @jax.jit
    def logits(weights: Weights, images: jax.Array) -> jax.Array:
        parts = images.reshape(-1, PART, *images.shape[1:])
        return jax.lax.map(partial(forward, weights), parts).reshape(len(images), 2)

    return Training(loss, adadelta(), PART, decay), logits


def run(setting: dict[str, Any], arm: str, seed: int) -> dict[str, float | int]:
    """Train one network and score it on similar and dissimilar images.

    Args:
        setting: As `SETTING`.
        arm: The padding's name.
        seed: Of the images and the initial weights.

    Returns:
        Accuracies in per cent: on the first training images, which the published program also takes
        for validation and as similar images, and on new ones; the number of epochs, and that of the
        epoch whose weights were kept.
    """
    random = np.random.default_rng([seed, 2003, 7064])
    images, swapped, labels = draw(setting["training_images"], random)
    new, new_swapped, new_labels = draw(setting["new_images"], random)
    weights = initial_weights(random)
    training, logits = _compiled(arm, setting["decay"])
    checked = slice(setting["checked_images"])

    def accuracy(images: np.ndarray, labels: np.ndarray) -> float:
        predicted = np.asarray(logits(best, jnp.asarray(images))).argmax(axis=1)
        return round(100 * float((predicted == labels).mean()), 4)

    memory = training.start(weights)
    batches = np.arange(len(images)).reshape(-1, setting["batch"])
    data = jnp.asarray(images), jnp.asarray(labels)
    best, lowest, best_epoch, waited, epoch = weights, math.inf, 0, 0, 0
    for epoch in range(1, setting["epochs"] + 1):
        weights, memory = training.epoch(weights, memory, *data, batches)
        outputs = logits(weights, data[0][checked])
        validation = float(cross_entropy(outputs, data[1][checked]).mean())
        if validation < lowest:
            best, lowest, best_epoch, waited = weights, validation, epoch, 0
        elif waited < setting["patience"]:
            waited += 1
        else:
            break
    return {
        "similar": accuracy(images[checked], labels[checked]),
        "dissimilar": accuracy(swapped[checked], labels[checked]),
        "new similar": accuracy(new, new_labels),
        "new dissimilar": accuracy(new_swapped, new_labels),
        "epochs": epoch,
        "best_epoch": best_epoch,
    }


def plan(setting: dict[str, Any]) -> Plan:
    """One run per seed and arm."""
    for seed in range(setting["seeds"]):
        for arm in setting["arms"]:
            yield {"arm": arm, "seed": seed}, partial(run, setting, arm, seed)


def compare(record: Record) -> list[Comparison]:
    """Every accuracy beside the published one: on the program's images, then on new ones."""
    return [
        _row(record, kind, arm, value)
        for new in ("", "new ")
        for arm in record.kinds("arm")
        for kind, value in zip((f"{new}similar", f"{new}dissimilar"), PUBLISHED[arm], strict=True)
    ]


def _row(record: Record, kind: str, arm: str, published: float) -> Comparison:
    accuracies = record.values(kind, arm=arm)
    mean, interval = over_seeds(accuracies)
    return Comparison(
        what=f"{arm}: accuracy on {kind} images (%)",
        published=f"{published:.1f}",
        ours=mean,
        interval=interval,
        count=f"{len(accuracies)} seeds",
        agreeing=(published - MARGIN, published + MARGIN),
        published_error=mean_error(PUBLISHED_SD, PUBLISHED_SEEDS),
        detail=kind.startswith("new"),
    )


def about(record: Record) -> str:
    """What was done and how it differs from the published program."""
    stopped = sum(epochs < SETTING["epochs"] for epochs in record.values("epochs"))
    return f"""A red and a green square lie beside each other; the class is their order, and in
training also the half of the image. A network that goes by the place fails on the dissimilar
images. With circular and full convolutions both kinds of images give the same answers: the
images are shifted by 16 pixels, a multiple of the strides' product, so nothing changes but the
place, and only a convolution that treats the border differently can notice. What these two lose
in accuracy is the field of the last layer, 17 pixels, in which distant squares are not seen
together; around the border, circular networks cannot tell which square is first.

The setting is that of the authors' published program, with one finding of our own about it: it
draws training, validation and similar images from one random seed, so these are the same images,
and "similar" is an accuracy on training images. The first table follows the program in this; the
table below has new images of the same kind. It differs in two things: every seed draws its own
images, where the program's seeds differ in the initial weights alone, and weights are drawn from
PyTorch's distributions, but not by its generator. "Same, circular" pads one pixel on each side, as
PyTorch 1.2, the oldest version that the program allows, does with the program's padding of 2. Of
{len(record.measurements)} runs {stopped} stopped before {SETTING["epochs"]} epochs. The published
deviations are between 0.1 and 1.0 points; 1.0 is taken for each."""


CHECK = Check(
    name="red_green",
    title="Does a global maximum forget the place?",
    paper="Kayhan and van Gemert 2020",
    arxiv="2003.07064",
    setting=SETTING,
    plan=plan,
    compare=compare,
    about=about,
    small={
        "arms": ["valid", "same, circular"],
        "training_images": 40,
        "checked_images": 20,
        "new_images": 20,
        "batch": 20,
        "epochs": 2,
        "seeds": 2,
    },
)
