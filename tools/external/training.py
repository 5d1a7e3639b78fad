"""Train small networks by gradient descent, for checks that the package's engine cannot serve.

The engine trains the study's networks on the study's images with the study's optimisers. These
checks need the networks and optimisers of the papers, which are short enough to be plain functions
of their weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Weights = Any  # a tree of arrays
Loss = Callable[[Weights, jax.Array, jax.Array, jax.Array], jax.Array]


class Update(NamedTuple):
    """The rule by which gradients change one array of weights.

    Args:
        memory: From the array to what the rule remembers of it, a tuple of arrays of its shape.
        step: From the gradient and the memory to the step, which is added to the array, and the
            next memory.
    """

    memory: Callable[[jax.Array], tuple[jax.Array, ...]]
    step: Callable[..., tuple[jax.Array, tuple[jax.Array, ...]]]


def momentum(rate: float, share: float = 0.9) -> Update:
    """Gradient descent with momentum: v <- share v + gradient, step -rate v."""

    def step(
        gradient: jax.Array, memory: tuple[jax.Array, ...]
    ) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        velocity = share * memory[0] + gradient
        return -rate * velocity, (velocity,)

    return Update(lambda array: (jnp.zeros_like(array),), step)


def adadelta(share: float = 0.9, epsilon: float = 1e-6) -> Update:
    """Adadelta (Zeiler 2012): steps as long as earlier steps, relative to earlier gradients."""

    def step(
        gradient: jax.Array, memory: tuple[jax.Array, ...]
    ) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        gradients, steps = memory
        gradients = share * gradients + (1 - share) * gradient**2
        change = -jnp.sqrt((steps + epsilon) / (gradients + epsilon)) * gradient
        return change, (gradients, share * steps + (1 - share) * change**2)

    return Update(lambda array: (jnp.zeros_like(array), jnp.zeros_like(array)), step)


@dataclass(frozen=True)
class Training:
    """Networks of one kind that are trained with one rule.

    Args:
        loss: From weights, images (m, ...), labels (m,) and a random key to each image's loss (m,).
        update: How gradients change the weights.
        part: Images whose gradients are computed at once; the batch's gradient is the mean over
            its parts. Parts that fit into a processor's cache are faster than whole batches.
        decay: Added to the gradient for each unit of a weight, as PyTorch's weight decay is.
    """

    loss: Loss
    update: Update
    part: int
    decay: float = 0.0

    def start(self, weights: Weights) -> list[tuple[jax.Array, ...]]:
        """What the rule remembers of weights that have not been trained."""
        return [self.update.memory(array) for array in jax.tree.leaves(weights)]

    def epoch(
        self,
        weights: Weights,
        memory: list[tuple[jax.Array, ...]],
        images: jax.Array,
        labels: jax.Array,
        batches: np.ndarray,
        key: jax.Array | None = None,
    ) -> tuple[Weights, list[tuple[jax.Array, ...]]]:
        """Take one step per batch.

        Args:
            weights: Before the epoch.
            memory: What the rule remembers.
            images: float (n, ...).
            labels: int (n,).
            batches: int (steps, batch), the images of each batch; the batch is a multiple of
                `part`.
            key: Random key of what the loss draws.

        Returns:
            Weights and memory after the epoch.
        """
        key = jax.random.key(0) if key is None else key
        parts = batches.reshape(len(batches), -1, self.part)
        return _epoch(self, weights, memory, images, labels, parts, key)


@partial(jax.jit, static_argnums=0)
def _epoch(
    training: Training,
    weights: Weights,
    memory: list[tuple[jax.Array, ...]],
    images: jax.Array,
    labels: jax.Array,
    batches: jax.Array,
    key: jax.Array,
) -> tuple[Weights, list[tuple[jax.Array, ...]]]:
    def mean_loss(weights: Weights, chosen: jax.Array, key: jax.Array) -> jax.Array:
        return training.loss(weights, images[chosen], labels[chosen], key).mean()

    def batch_gradient(weights: Weights, parts: jax.Array, keys: jax.Array) -> Weights:
        def add(total: Weights, part: tuple[jax.Array, jax.Array]) -> tuple[Weights, None]:
            return jax.tree.map(jnp.add, total, jax.grad(mean_loss)(weights, *part)), None

        total, _ = lax.scan(add, jax.tree.map(jnp.zeros_like, weights), (parts, keys))
        return jax.tree.map(lambda each: each / len(parts), total)

    def step(
        carry: tuple[Weights, list[tuple[jax.Array, ...]]], batch: tuple[jax.Array, jax.Array]
    ) -> tuple[tuple[Weights, list[tuple[jax.Array, ...]]], None]:
        weights, memory = carry
        parts, key = batch
        gradient = batch_gradient(weights, parts, jax.random.split(key, len(parts)))
        arrays, tree = jax.tree.flatten(weights)
        changes = [
            training.update.step(each + training.decay * array, remembered)
            for array, each, remembered in zip(
                arrays, jax.tree.leaves(gradient), memory, strict=True
            )
        ]
        moved = [array + change for array, (change, _) in zip(arrays, changes, strict=True)]
        return (jax.tree.unflatten(tree, moved), [left for _, left in changes]), None

    keys = jax.random.split(key, len(batches))
    carry, _ = lax.scan(step, (weights, memory), (batches, keys))
    return carry


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy in nats per image: (n, classes), (n,) -> (n,)."""
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jax.nn.logsumexp(logits, axis=1) - chosen


def convolve(images: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
    """Cross-correlate without padding: (n, h, w, c), (k, k, c, f) -> (n, h', w', f).

    One matrix product with the values under the kernel, which is fast for the few images of a part.
    """
    size, _, channels, filters = kernel.shape
    count, height, width, _ = images.shape
    rows, columns = ((side - size) // stride + 1 for side in (height, width))
    below, right = ((stride * (kept - 1) + 1) for kept in (rows, columns))
    fields = [
        images[:, y : y + below : stride, x : x + right : stride]
        for y in range(size)
        for x in range(size)
    ]
    under = jnp.concatenate(fields, axis=3).reshape(-1, size * size * channels)
    return (under @ kernel.reshape(-1, filters)).reshape(count, rows, columns, filters)
