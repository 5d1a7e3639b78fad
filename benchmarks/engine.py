"""Contender: the project's training engine, used as the package uses it."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

from typing import Any

import jax.numpy as jnp
import numpy as np
from benchmarks.contender import LapTimer, Stopwatch, answer

from convbias.networks import models
from convbias.networks.engine import Engine, engine
from convbias.spec.arms import Convolutional, Dense, Model, Recipe
from convbias.spec.datasets import Dimensions
from convbias.spec.recipes import classic

PREDICTED = 10_000  # images, as many as the study tests on


def network(kernel_size: int) -> Model:
    """The CNN with kernels of this size, or the dense network for 0."""
    return Convolutional(kernel_size=kernel_size) if kernel_size else Dense()


def throughput(
    arrays: str, kernel_size: int, epoch_images: int, seconds: float, **_more: object
) -> dict[str, float]:
    """Train on images on the device, an epoch compiled as a whole."""
    stopwatch = Stopwatch(seconds)
    with np.load(arrays) as task:
        images = jnp.asarray(task["images"])
        labels = jnp.asarray(task["labels"], dtype=jnp.int32)
    dimensions = Dimensions(side=images.shape[1], channels=images.shape[3], classes=10)
    architecture = models.Architecture(network(kernel_size), dimensions=dimensions)
    trainer = engine(architecture, classic(epochs=1), epoch_images)
    state = trainer.initial_state([architecture.build(seed=0)])
    stopwatch.started(trainer.compile(state, images, labels))

    orders = np.random.default_rng(0)
    training = True
    while training:
        order = orders.permutation(len(images))[:epoch_images]
        state, _, _ = trainer.epoch(state, images, labels, order[None])
        training = stopwatch.epoch_done(epoch_images)
    # A training process also predicts; the memory for that counts.
    trainer.predict(state, images, labels, np.arange(PREDICTED)[None] % len(images))
    return stopwatch.measurement()


def to_accuracy(
    arrays: str, recipe: dict[str, Any], seed: int, **_more: object
) -> list[dict[str, float]]:
    """Train the 3x3 CNN, and score the test images after every epoch."""
    with np.load(arrays) as stored:
        task = dict(stored)
    read = Recipe.model_validate(recipe)
    mean, deviation = map(float, task["standardise"])
    test_images = jnp.asarray(task["test_images"])
    test_labels = jnp.asarray(task["test_labels"], dtype=jnp.int32)
    test = np.arange(len(test_labels))[None]
    architecture = models.Architecture(network(3), (mean, deviation))
    timer = LapTimer()
    trainer = Engine(architecture, read, len(task["images"]))
    state = trainer.initial_state([architecture.build(seed)])
    images = jnp.asarray(task["images"])
    labels = jnp.asarray(task["labels"], dtype=jnp.int32)
    order = np.random.default_rng(seed)
    for _epoch in range(read.epochs):
        state, _, _ = trainer.epoch(state, images, labels, order.permutation(len(images))[None])
        with timer.paused():
            [predictions] = trainer.predict(state, test_images, test_labels, test)
            timer.record(float(predictions.correct.mean()))
    return timer.laps


def matrix_product(seconds: float, **_more: object) -> dict[str, float]:
    """Multiply two square matrices in NumPy again and again, as a yardstick for the machine."""
    stopwatch = Stopwatch(seconds)
    side, products = 1024, 10
    left, right = np.random.default_rng(0).random((2, side, side), dtype=np.float32)
    out = np.empty_like(left)
    stopwatch.started()
    multiplying = True
    while multiplying:
        for _product in range(products):
            np.matmul(left, right, out=out)
        multiplying = stopwatch.epoch_done(products * 2 * side**3)
    return stopwatch.measurement()


if __name__ == "__main__":
    answer(throughput, to_accuracy, matrix_product)
