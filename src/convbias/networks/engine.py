"""Train and evaluate networks of one architecture with compiled JAX functions.

An epoch is one `lax.scan` under `jit`: every step gathers its batch from the data set that lies on
the device as uint8, scales it to [0, 1], and takes one optimiser step through Keras' stateless
calls. The last, smaller batch of an epoch is filled up with images of weight zero, so that every
image in the epoch's order counts once, as in Keras' own `fit`.

On an accelerator the networks of several seeds train at once: the same functions are mapped over
a leading axis of seeds, because one small network would leave the device idle. With one seed there
is no such axis. Matrix products have full float32 precision on an accelerator too, unless JAX's
setting `jax_default_matmul_precision` says otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from convbias.data.dataset import label_dtype
from convbias.networks import optimisers
from convbias.networks.backend import check_backend
from convbias.networks.forward import in_batches, scaled
from convbias.networks.models import Architecture
from convbias.spec.arms import Recipe

EVALUATION_BATCH = 256

Shapes = tuple[tuple[int, ...], tuple[int, ...]]  # of images and labels


class State(NamedTuple):
    """Everything that changes while networks train, as lists of arrays in Keras' order.

    With several seeds, every array has a leading axis of seeds.
    """

    trainable: list[jax.Array]
    non_trainable: list[jax.Array]
    optimiser: list[jax.Array]


@dataclass(frozen=True)
class Predictions:
    """A network's loss and predicted class for each image.

    Args:
        loss: float32 (n,), cross-entropy in nats.
        predicted: uint8 (n,), or uint16 above 256 classes, the most probable class.
        correct: bool (n,).
    """

    loss: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray


@lru_cache(maxsize=16)
def engine(architecture: Architecture, recipe: Recipe, images: int, seeds: int = 1) -> Engine:
    """The engine for a network and recipe; a second call costs no second compilation."""
    return Engine(architecture, recipe, images, seeds)


class Engine:
    """Trains and evaluates networks of one architecture with one recipe.

    Args:
        architecture: What the networks have in common.
        recipe: The optimiser, schedule and batch size.
        images: Number of training images per epoch; with the batch size, it sets the schedule's
            length.
        seeds: Number of networks that train at once.
    """

    def __init__(
        self, architecture: Architecture, recipe: Recipe, images: int, seeds: int = 1
    ) -> None:
        check_backend()
        self.batch_size = min(recipe.batch_size, images)
        self.steps = -(-images // self.batch_size)
        self.seeds = seeds
        self._label_dtype = label_dtype(architecture.dimensions.classes)
        self._template: Any = architecture.build(seed=0)
        # Its outputs are logits: a loss of probabilities has no gradient where these underflow.
        last_layer = self._template.layers[-1]
        last_layer.activation = keras.activations.linear
        # Keras does not annotate what stateless calls return, nor schedules as learning rates.
        self._optimiser: Any = optimisers.build(recipe, self.steps, last_layer.name)
        self._optimiser.build(self._template.trainable_variables)
        epoch, predict = _precisely(self._epoch), _precisely(self._predict_batch)
        if seeds > 1:
            epoch = jax.vmap(epoch, in_axes=(0, None, None, 0, 0))
            predict = jax.vmap(predict, in_axes=(0, 1, 1), out_axes=1)
        self._jitted_epoch = jax.jit(epoch, donate_argnums=0)
        self._compiled: dict[Shapes, jax.stages.Compiled] = {}
        self._predict = jax.jit(predict)

    def initial_state(self, networks: Sequence[keras.Model]) -> State:
        """The state of networks that have not been trained, one per seed."""
        states = [
            State(
                [jnp.array(variable.value) for variable in network.trainable_variables],
                [jnp.array(variable.value) for variable in network.non_trainable_variables],
                [jnp.array(variable.value) for variable in self._optimiser.variables],
            )
            for network in networks
        ]
        if self.seeds == 1:
            return states[0]
        return jax.tree.map(lambda *arrays: jnp.stack(arrays), *states)

    def batches(self, orders: np.ndarray) -> tuple[jax.Array, jax.Array]:
        """Cut each seed's order of images into batches of one size.

        Args:
            orders: int (seeds, images), the images of one epoch.

        Returns:
            int32 (seeds, steps, batch size) indices, and float32 weights of the same shape: 0 for
            the images that only fill up the last batch, 1 for all others. With one seed there is
            no axis of seeds.
        """
        count = orders.shape[1]
        filled = orders[:, np.arange(self.steps * self.batch_size) % count].astype(np.int32)
        weights = np.broadcast_to(np.arange(filled.shape[1]) < count, filled.shape)
        shape = (len(orders), self.steps, self.batch_size)
        cut = filled.reshape(shape), weights.reshape(shape).astype(np.float32)
        return self._over_seeds(cut[0]), self._over_seeds(cut[1])

    def compile(self, state: State, images: jax.Array, labels: jax.Array) -> float:
        """Compile the epoch, unless it is compiled already for data of this size.

        Args:
            state: The state of any networks of this engine.
            images: uint8 (n, side, side, channels), the data set's training images.
            labels: int32 (n,).

        Returns:
            The seconds it took, 0 if it was compiled already.
        """
        shapes = images.shape, labels.shape
        if shapes in self._compiled:
            return 0.0
        started = time.perf_counter()
        self._compiled[shapes] = self.lower(state, images, labels).compile()
        return time.perf_counter() - started

    def lower(self, state: State, images: jax.Array, labels: jax.Array) -> jax.stages.Lowered:
        """The epoch as JAX hands it to the compiler; the arguments are those of `compile`."""
        batches, weights = self.batches(np.zeros((self.seeds, 1), dtype=int))
        return self._jitted_epoch.lower(state, images, labels, batches, weights)

    def epoch(
        self, state: State, images: jax.Array, labels: jax.Array, orders: np.ndarray
    ) -> tuple[State, np.ndarray, np.ndarray]:
        """Train one epoch.

        Args:
            state: The state before; its buffers are donated, so use the returned one.
            images: uint8 (n, side, side, channels).
            labels: int32 (n,).
            orders: int (seeds, images), indices of the images in the order of training.

        Returns:
            The new state, and each seed's mean loss (nats) and accuracy over the epoch's batches,
            both float (seeds,).
        """
        self.compile(state, images, labels)
        compiled = self._compiled[images.shape, labels.shape]
        batches, weights = self.batches(orders)
        state, loss, correct = compiled(state, images, labels, batches, weights)
        count = orders.shape[1]
        return state, np.atleast_1d(loss) / count, np.atleast_1d(correct) / count

    def predict(
        self, state: State, images: jax.Array, labels: jax.Array, chosen: np.ndarray
    ) -> list[Predictions]:
        """Run the networks without dropout.

        Args:
            state: The networks' weights.
            images: uint8 (n, side, side, channels).
            labels: int32 (n,).
            chosen: int (seeds, m), the images that each seed's network is evaluated on.

        Returns:
            The predictions of each seed's network.
        """

        def classify(batch: np.ndarray) -> tuple[jax.Array, jax.Array]:
            taken = (jnp.take(each, batch, axis=0, mode="clip") for each in (images, labels))
            return self._predict(state, *taken)

        # One shape for all batches, so that one compilation serves every data set.
        evaluated = in_batches(
            classify,
            chosen[0] if self.seeds == 1 else chosen.T,
            EVALUATION_BATCH,
            fixed=True,
        )
        loss, predicted = (np.atleast_2d(each.T) for each in evaluated)
        correct = predicted == np.asarray(labels)[chosen]
        classes = predicted.astype(self._label_dtype)
        return [Predictions(*one) for one in zip(loss, classes, correct, strict=True)]

    def restore(self, networks: Sequence[keras.Model], state: State) -> None:
        """Put trained states' weights into networks of this architecture, one per seed."""
        for seed, network in enumerate(networks):
            for variable, values in zip(network.trainable_variables, state.trainable, strict=True):
                variable.assign(values if self.seeds == 1 else values[seed])

    def _over_seeds(self, array: np.ndarray) -> jax.Array:
        return jnp.asarray(array[0] if self.seeds == 1 else array)

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
        logits, non_trainable = self._template.stateless_call(
            trainable, non_trainable, scaled(images), training=True
        )
        loss = (cross_entropy(logits, labels) * weight).sum() / weight.sum()
        correct = ((logits.argmax(axis=1) == labels) * weight).sum()
        return loss, (correct, non_trainable)

    def _predict_batch(
        self, state: State, images: jax.Array, labels: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        logits, _ = self._template.stateless_call(
            state.trainable, state.non_trainable, scaled(images), training=False
        )
        return cross_entropy(logits, labels), logits.argmax(axis=1)


def _precisely(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute a function's matrix products in float32, not in TF32 with its factors of 10 bits."""

    @wraps(function)
    def traced(*arguments: Any) -> Any:  # noqa: ANN401 - as the function is annotated
        chosen = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue]
        with jax.default_matmul_precision(chosen or "float32"):
            return function(*arguments)

    return traced


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy in nats per image: (n, classes), (n,) -> (n,)."""
    # A mask instead of an index: the gradient of an index is a scatter, and a GPU adds its terms in
    # an order that varies from run to run.
    mask = labels[:, None] == jnp.arange(logits.shape[1])
    chosen = jnp.where(mask, logits, 0).sum(axis=1)
    return jax.nn.logsumexp(logits, axis=1) - chosen
