"""The loop of the search for a recipe."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from benchmarks.recipe_changes import Settings
from jax import lax

from convbias import data
from convbias.networks import models
from convbias.networks.muon import COEFFICIENTS, ITERATIONS
from convbias.spec.arms import Convolutional
from convbias.spec.streams import Stream, generator

WARM_UP = 0.1
LAST_KERNEL = (128, models.CLASSES)
SCORED_AT_ONCE = 500


class _State(NamedTuple):
    weights: list[jax.Array]
    other: list[jax.Array]
    momentum: list[jax.Array]
    square: list[jax.Array]
    steps: jax.Array


def validation_accuracy(settings: Settings, seed: int, epochs: int, dataset: data.Dataset) -> float:
    """Train once and score the validation split, 0 to 1.

    Args:
        settings: How to train.
        seed: Draws initial weights, split and orders.
        epochs: Over which warm-up and half a cosine stretch.
        dataset: The images.
    """
    standardise = (dataset.pixel_mean, dataset.pixel_std)
    network = models.build(Convolutional(kernel_size=3), seed, standardise)
    network.layers[-1].activation = keras.activations.linear
    weights = [jnp.array(variable.value) for variable in network.trainable_variables]
    if settings.first_filters == "whitening":
        weights[0] = _whitening(np.asarray(weights[0]), dataset)
    zeros = [jnp.zeros_like(weight) for weight in weights]
    other = [jnp.array(variable.value) for variable in network.non_trainable_variables]
    state = _State(weights, other, zeros, zeros, jnp.zeros((), jnp.int32))

    training, held_out = data.split(dataset.train_labels, seed)
    images = jnp.asarray(dataset.train_images)
    labels = jnp.asarray(dataset.train_labels, dtype=jnp.int32)
    size = settings.batch_size
    steps = len(training) // size
    shares = _schedule(epochs * steps)
    orders = generator(seed, Stream.EPOCH_ORDERS)
    whole, half = (jax.jit(partial(_epoch, network, settings, images, labels, h)) for h in (0, 1))
    for epoch in range(epochs):
        order = orders.permutation(training)[: steps * size].reshape(steps, size)
        run = half if epoch < settings.half_size_share * epochs else whole
        share = shares[epoch * steps : (epoch + 1) * steps]
        state = run(state, jnp.asarray(order.astype(np.int32)), jnp.asarray(share))

    @jax.jit
    def predict(some: jax.Array) -> jax.Array:
        pixels = some.astype(jnp.float32) / 255
        outputs: Any = network.stateless_call(state.weights, state.other, pixels, training=False)
        return outputs[0].argmax(axis=1)

    parts = [
        predict(images[held_out[start : start + SCORED_AT_ONCE]])
        for start in range(0, len(held_out), SCORED_AT_ONCE)
    ]
    return float((np.concatenate(parts) == dataset.train_labels[held_out]).mean())


def _schedule(steps: int) -> np.ndarray:
    """Each step's share of the peak learning rate, float32 (steps,)."""
    step, warm_up = np.arange(steps), WARM_UP * steps
    progress = (step - warm_up) / (steps - warm_up)
    decay = (1 + np.cos(np.pi * progress)) / 2
    return np.where(step < warm_up, (step + 1) / warm_up, decay).astype(np.float32)


def _epoch(
    network: Any,  # noqa: ANN401 - Keras leaves out the stateless calls' types
    settings: Settings,
    images: jax.Array,
    labels: jax.Array,
    halvings: int,
    state: _State,
    batches: jax.Array,
    shares: jax.Array,
) -> _State:
    def loss(weights: list[jax.Array], other: list[jax.Array], index: jax.Array) -> Any:  # noqa: ANN401
        pixels = images[index].astype(jnp.float32) / 255
        if halvings:
            pixels = pixels.reshape(-1, 14, 2, 14, 2, 1).mean((2, 4))
        logits, other = network.stateless_call(weights, other, pixels, training=True)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[index][:, None], 1)
        return -chosen.mean(), other

    def step(state: _State, batch: tuple[jax.Array, jax.Array]) -> tuple[_State, None]:
        index, share = batch
        gradients, other = jax.grad(loss, has_aux=True)(state.weights, state.other, index)
        return _step(settings, state, gradients, other, share), None

    return lax.scan(step, state, (batches, shares))[0]


def _step(
    settings: Settings,
    state: _State,
    gradients: list[jax.Array],
    other: list[jax.Array],
    share: jax.Array,
) -> _State:
    steps = state.steps + 1
    count = steps.astype(jnp.float32)
    weights, momenta, squares = [], [], []
    for weight, gradient, momentum, square in zip(
        state.weights, gradients, state.momentum, state.square, strict=True
    ):
        by_muon = settings.optimiser == "muon" and weight.ndim > 1
        if by_muon and (weight.shape != LAST_KERNEL or settings.last_layer == "muon"):
            momentum = settings.momentum * momentum + gradient
            ahead = gradient + settings.momentum * momentum
            update = _orthogonalised(ahead.reshape(-1, ahead.shape[-1]))
            inputs, outputs = update.shape
            update = (update * np.sqrt(max(1, outputs / inputs))).reshape(weight.shape)
            weights.append(weight - settings.learning_rate * share * update)
        else:
            momentum = 0.9 * momentum + (1 - 0.9) * gradient
            square = 0.999 * square + (1 - 0.999) * gradient * gradient
            mean, deviation = momentum / (1 - 0.9**count), jnp.sqrt(square / (1 - 0.999**count))
            rate = settings.adam_learning_rate * share
            weights.append(weight - rate * mean / (deviation + 1e-7))
        momenta.append(momentum)
        squares.append(square)
    return _State(weights, other, momenta, squares, steps)


def _orthogonalised(matrix: jax.Array) -> jax.Array:
    """As `convbias.networks.muon.orthogonalised`, with every product in full, as in the search."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if tall else matrix
    wide = wide / (jnp.linalg.norm(wide) + 1e-7)
    for _ in range(ITERATIONS):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide.T if tall else wide


def _whitening(drawn: np.ndarray, dataset: data.Dataset) -> jax.Array:
    """Put principal components of 3 x 3 pixels, and their negatives, into the first filters."""
    pixels = (dataset.train_images[:2000, :, :, 0] / 255.0 - dataset.pixel_mean) / dataset.pixel_std
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3), axis=(1, 2))
    variances, directions = np.linalg.eigh(np.cov(windows.reshape(-1, 9).T))
    filters = directions / np.sqrt(variances + 0.02)
    filters = np.concatenate([filters, -filters], axis=1)
    flat = drawn.reshape(9, -1).copy()
    filters = filters / np.linalg.norm(filters, axis=0) * np.linalg.norm(flat, axis=0).mean()
    flat[:, : filters.shape[1]] = filters
    return jnp.asarray(flat.reshape(drawn.shape), jnp.float32)
