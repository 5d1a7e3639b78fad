"""The compiled functions that train and evaluate one network under JAX, shared by all its seeds.

An epoch is one `lax.scan` under `jit`: every step gathers its batch from the data set that lies on
the device as uint8, scales it to [0, 1], and takes one optimiser step through Keras' stateless
calls. The last, smaller batch of an epoch is filled up with images of weight zero, so that every
image counts once per epoch, as in Keras' own `fit`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from convbias import models
from convbias.config import Model, Recipe
from convbias.errors import ConvbiasError

EVALUATION_BATCH = 256
# Keras, too, clips probabilities here before it takes the logarithm.
SMALLEST_PROBABILITY = 1e-7


class State(NamedTuple):
    """Everything that changes while a network trains, as lists of arrays in Keras' order."""

    trainable: list[jax.Array]
    non_trainable: list[jax.Array]
    optimiser: list[jax.Array]


@dataclass(frozen=True)
class Predictions:
    """What a network did with each image.

    Args:
        loss: float32 (n,), cross-entropy in nats.
        predicted: uint8 (n,), the most probable class.
        correct: bool (n,).
    """

    loss: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray


@lru_cache(maxsize=16)
def engine(
    model: Model, recipe: Recipe, images: int, standardise: tuple[float, float] | None
) -> Engine:
    """The engine for a network and recipe; a second call costs no second compilation."""
    return Engine(model, recipe, images, standardise)


class Engine:
    """Trains and evaluates networks of one architecture with one recipe.

    Args:
        model: The architecture.
        recipe: Optimiser, schedule, batch size.
        images: Training images per epoch; with the batch size, it sets the schedule's length.
        standardise: Mean and standard deviation of the pixels in [0, 1], see `models.build`.
    """

    def __init__(
        self, model: Model, recipe: Recipe, images: int, standardise: tuple[float, float] | None
    ) -> None:
        if keras.backend.backend() != "jax":
            raise ConvbiasError(
                f"Keras runs on the {keras.backend.backend()} backend",
                "the jax backend, which the training engine is written for",
                "set the environment variable KERAS_BACKEND=jax before Keras is imported",
            )
        self.batch_size = min(recipe.batch_size, images)
        self.steps = -(-images // self.batch_size)
        self._template: Any = models.build(model, 0, standardise)
        # Keras' own annotations leave out the stateless calls' return types and the schedules.
        self._optimiser: Any = keras.optimizers.Adam(_learning_rate(recipe, self.steps))
        self._optimiser.build(self._template.trainable_variables)
        self._jitted_epoch = jax.jit(self._epoch, donate_argnums=0)
        self._compiled_epoch: jax.stages.Compiled | None = None
        self._predict = jax.jit(self._predict_batch)

    def initial_state(self, network: keras.Model) -> State:
        """The state of a network that has not been trained."""
        return State(
            [jnp.array(variable.value) for variable in network.trainable_variables],
            [jnp.array(variable.value) for variable in network.non_trainable_variables],
            [jnp.array(variable.value) for variable in self._optimiser.variables],
        )

    def batches(self, order: np.ndarray) -> tuple[jax.Array, jax.Array]:
        """Cut an order of images into batches of one size.

        Args:
            order: int (images,), the images of one epoch.

        Returns:
            int32 (steps, batch size) indices, and float32 weights of the same shape: 0 for the
            images that only fill up the last batch, 1 for all others.
        """
        filled = np.resize(order, self.steps * self.batch_size).astype(np.int32)
        weights = (np.arange(filled.size) < len(order)).astype(np.float32)
        shape = (self.steps, self.batch_size)
        return jnp.asarray(filled.reshape(shape)), jnp.asarray(weights.reshape(shape))

    def compile(self, state: State, images: jax.Array, labels: jax.Array) -> float:
        """Compile the epoch unless that was done before.

        Args:
            state: Of any network of this engine.
            images: uint8 (n, 28, 28, 1), the data set's training images.
            labels: int32 (n,).

        Returns:
            Seconds that it took, 0 if it had been done.
        """
        if self._compiled_epoch is not None:
            return 0.0
        started = time.perf_counter()
        batches, weights = self.batches(np.arange(1))
        self._compiled_epoch = self._jitted_epoch.lower(
            state, images, labels, batches, weights
        ).compile()
        return time.perf_counter() - started

    def epoch(
        self, state: State, images: jax.Array, labels: jax.Array, order: np.ndarray
    ) -> tuple[State, float, float]:
        """Train one epoch.

        Args:
            state: Consumed; use the returned one.
            images: uint8 (n, 28, 28, 1).
            labels: int32 (n,).
            order: int (images,), which images in which order.

        Returns:
            The new state, and mean loss (nats) and accuracy over the epoch's batches.
        """
        self.compile(state, images, labels)
        assert self._compiled_epoch is not None  # noqa: S101 - for the type checker
        batches, weights = self.batches(order)
        state, loss, correct = self._compiled_epoch(state, images, labels, batches, weights)
        return state, float(loss) / len(order), float(correct) / len(order)

    def predict(self, state: State, images: np.ndarray, labels: np.ndarray) -> Predictions:
        """Run the network without dropout.

        Args:
            state: The network's weights.
            images: uint8 (n, 28, 28, 1).
            labels: uint8 (n,).
        """
        losses, classes = [], []
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = slice(start, start + EVALUATION_BATCH)
            # One shape for all batches, so that one compilation serves every data set.
            index = np.resize(np.arange(start, start + len(images[batch])), EVALUATION_BATCH)
            loss, predicted = self._predict(
                state, jnp.asarray(images[index]), jnp.asarray(labels[index], dtype=jnp.int32)
            )
            losses.append(np.asarray(loss)[: len(images[batch])])
            classes.append(np.asarray(predicted)[: len(images[batch])])
        predicted = np.concatenate(classes).astype(np.uint8)
        return Predictions(np.concatenate(losses), predicted, predicted == labels)

    def restore(self, network: keras.Model, state: State) -> None:
        """Put a trained state's weights into a network of this architecture."""
        for variable, value in zip(network.trainable_variables, state.trainable, strict=True):
            variable.assign(value)

    def _epoch(
        self,
        state: State,
        images: jax.Array,
        labels: jax.Array,
        batches: jax.Array,
        weights: jax.Array,
    ) -> tuple[State, jax.Array, jax.Array]:
        def step(
            carry: tuple[State, jax.Array, jax.Array], batch: tuple[jax.Array, jax.Array]
        ) -> tuple[tuple[State, jax.Array, jax.Array], None]:
            state, loss_sum, correct_sum = carry
            index, weight = batch
            differentiate = jax.value_and_grad(self._loss, has_aux=True)
            (loss, (correct, non_trainable)), gradients = differentiate(
                state.trainable, state.non_trainable, images[index], labels[index], weight
            )
            trainable, optimiser = self._optimiser.stateless_apply(
                state.optimiser, gradients, state.trainable
            )
            state = State(list(trainable), list(non_trainable), list(optimiser))
            return (state, loss_sum + loss * weight.sum(), correct_sum + correct), None

        zero = jnp.zeros(())
        (state, loss, correct), _ = lax.scan(step, (state, zero, zero), (batches, weights))
        return state, loss, correct

    def _loss(
        self,
        trainable: list[jax.Array],
        non_trainable: list[jax.Array],
        images: jax.Array,
        labels: jax.Array,
        weight: jax.Array,
    ) -> tuple[jax.Array, tuple[jax.Array, list[jax.Array]]]:
        """Weighted mean loss of a batch; beside it the number of correct images."""
        probabilities, non_trainable = self._template.stateless_call(
            trainable, non_trainable, _scale(images), training=True
        )
        loss = (_cross_entropy(probabilities, labels) * weight).sum() / weight.sum()
        correct = ((probabilities.argmax(axis=1) == labels) * weight).sum()
        return loss, (correct, non_trainable)

    def _predict_batch(
        self, state: State, images: jax.Array, labels: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        probabilities, _ = self._template.stateless_call(
            state.trainable, state.non_trainable, _scale(images), training=False
        )
        return _cross_entropy(probabilities, labels), probabilities.argmax(axis=1)


def _scale(images: jax.Array) -> jax.Array:
    return images.astype(jnp.float32) / 255


def _cross_entropy(probabilities: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy in nats per image: (n, classes), (n,) -> (n,)."""
    chosen = jnp.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    return -jnp.log(jnp.clip(chosen, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def _learning_rate(recipe: Recipe, steps_per_epoch: int) -> Any:  # noqa: ANN401 - or a schedule
    if recipe.schedule == "constant":
        return recipe.learning_rate
    steps = recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_fraction * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=steps - warmup,
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
