"""The training of networks of sequences."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.beyond.sequences import (
    Sequences,
    scanned_images,
    scored,
    training_batches,
)
from convbias.networks import optimisers
from convbias.networks.backend import check_backend
from convbias.networks.beyond.causal import build
from convbias.networks.beyond.result import TaskResult
from convbias.networks.engine import cross_entropy
from convbias.networks.scores import PerImage, Scores
from convbias.networks.training import epoch_orders
from convbias.spec.beyond.causal import CausalModel
from convbias.spec.beyond.sequences import (
    COPIED,
    MemoryTask,
    SequenceRecipe,
    SequenceTask,
)
from convbias.spec.recipes import scheduled
from convbias.spec.streams import Stream, generator

TOLD_WITHIN = 0.04  # of the sum, as Hochreiter and Schmidhuber count it
LARGEST_NORM = 1.0  # of gradients
POSITIONS_AT_ONCE = 32_000  # that are scored in one call


def train_on_sequences(
    task: SequenceTask, model: CausalModel, recipe: SequenceRecipe, seed: int
) -> TaskResult:
    """Train a network on sequences, and score it on others.

    Args:
        task: What is asked for.
        model: The network.
        recipe: How it is trained.
        seed: Draws initial weights, training sequences, and the order of images and their pixels.

    Returns:
        Scores over sequences; of copying, over copied symbols. The loss is the squared error of
        sums, and else the cross-entropy. `parameters` counts the network's. Of copying,
        `loss_over_positions` is the mean over all positions, blanks too, as it is published.
    """
    started = time.perf_counter()
    validation = recipe.scored_on == "validation"
    if isinstance(task, MemoryTask):
        batches = training_batches(task, seed, recipe.batch_size)
        told = scored(task, validation=validation)
        checksum = told.checksum
    else:
        images = scanned_images(task, seed, validation=validation)
        batches = _image_batches(images.training, seed, recipe.batch_size)
        told, checksum = images.scored, images.checksum
    trainer = _trainer(task, model, recipe.batch_size)
    weights, rest = trainer.initial(seed)
    compiling = trainer.compile(weights, rest, next(batches), told)
    weights = trainer.train(weights, rest, batches, _rates(recipe))
    loss, correct, over_positions = trainer.score(weights, rest, told)
    measures = {"parameters": float(sum(np.size(each) for each in weights))}
    if isinstance(task, MemoryTask) and task.rule == "copying":
        measures["loss_over_positions"] = over_positions
    return TaskResult(
        test=Scores(
            images=len(loss),
            loss=float(loss.astype(np.float64).mean()),
            accuracy=float(correct.mean()),
        ),
        per_item=PerImage(correct=correct, loss=loss),
        checksum=checksum,
        measures=measures,
        training_seconds=time.perf_counter() - started - compiling,
        compile_seconds=compiling,
    )


def _image_batches(images: Sequences, seed: int, batch_size: int) -> Iterator[Sequences]:
    for chosen in epoch_orders(np.arange(len(images.targets)), seed, batch_size):
        yield Sequences(images.inputs[chosen], images.targets[chosen])


def _rates(recipe: SequenceRecipe) -> np.ndarray:
    """The learning rate of every step, by the schedule of the searched recipes."""
    schedule = optimisers.learning_rate(scheduled(1, recipe.learning_rate), recipe.steps)
    return np.asarray(jax.vmap(schedule)(jnp.arange(recipe.steps)))


def _seed_stream(seed: int) -> Iterator[int]:
    random = generator(seed, Stream.NETWORK)
    while True:
        yield int(random.integers(2**31))


@lru_cache(maxsize=4)
def _trainer(task: SequenceTask, model: CausalModel, batch_size: int) -> _Trainer:
    return _Trainer(task, model, batch_size)


class _Trainer:
    """The compiled training step and scoring of networks of one description.

    Steps are called one by one: within a loop of XLA's, its convolutions take nine times as long on
    a processor.
    """

    def __init__(self, task: SequenceTask, model: CausalModel, batch_size: int) -> None:
        check_backend()
        self.task, self.model, self.batch_size = task, model, batch_size
        self._copying = isinstance(task, MemoryTask) and task.rule == "copying"
        self._network: Any = self._build(seed=0)
        self._optimiser: Any = keras.optimizers.Adam(1.0, global_clipnorm=LARGEST_NORM)
        self._optimiser.build(self._network.trainable_variables)
        variables = self._optimiser.variables
        self._start = [np.asarray(variable.value) for variable in variables]
        [self._rate] = [n for n, each in enumerate(variables) if "learning_rate" in each.path]
        self._compiled: tuple[Any, Any] = (None, None)

    def _build(self, seed: int) -> keras.Model:
        last_of = None if self._copying else self.task.length
        seeds = _seed_stream(seed)
        return build(self.model, self.task.inputs, self.task.outputs, seeds, last_of)

    def initial(self, seed: int) -> tuple[list[Any], list[Any]]:
        """Freshly drawn weights, and the network's other variables."""
        network = self._build(seed)
        parts = (network.trainable_variables, network.non_trainable_variables)
        weights, rest = ([jnp.array(each.value) for each in part] for part in parts)
        return weights, rest

    def compile(
        self, weights: list[Any], rest: list[Any], batch: Sequences, told: Sequences
    ) -> float:
        """Compile for batches of this shape; the seconds that it took."""
        if all(self._compiled):
            return 0.0
        started = time.perf_counter()
        step = jax.jit(self._step, donate_argnums=(0, 1))
        arguments = (rest, batch.inputs, batch.targets, np.float32(0))
        part = told.inputs[: self._at_once(told)], told.targets[: self._at_once(told)]
        self._compiled = (
            step.lower(weights, self._start, *arguments).compile(),
            jax.jit(self._scores).lower(weights, rest, *part).compile(),
        )
        return time.perf_counter() - started

    def train(
        self, weights: list[Any], rest: list[Any], batches: Iterator[Sequences], rates: np.ndarray
    ) -> list[Any]:
        """The trained weights, after one step per learning rate."""
        step, _ = self._compiled
        state: list[Any] = [jnp.array(each) for each in self._start]
        for rate, batch in zip(rates, batches, strict=False):
            weights, state = step(weights, state, rest, batch.inputs, batch.targets, rate)
        return weights

    def score(
        self, weights: list[Any], rest: list[Any], told: Sequences
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Loss and correctness of every scored item, and the mean loss over all positions."""
        _, scores = self._compiled
        size = self._at_once(told)
        found = [
            scores(weights, rest, told.inputs[n : n + size], told.targets[n : n + size])
            for n in range(0, len(told.targets), size)
        ]
        loss, correct, positions = (np.concatenate(each) for each in zip(*found, strict=True))
        return loss.ravel(), correct.ravel(), float(positions.astype(np.float64).mean())

    def _at_once(self, told: Sequences) -> int:
        """Sequences that are scored in one call; a divisor of their number."""
        count = len(told.targets)
        most = max(POSITIONS_AT_ONCE // self.task.length, 1)
        return next(size for size in range(min(most, count), 0, -1) if count % size == 0)

    def _told(self, weights: list[Any], rest: list[Any], inputs: Any) -> Any:  # noqa: ANN401
        if self._copying:
            inputs = jax.nn.one_hot(inputs, self.task.inputs)
        return self._network.stateless_call(weights, rest, inputs, training=True)[0]

    def _losses(self, weights: list[Any], rest: list[Any], inputs: Any, targets: Any) -> Any:  # noqa: ANN401
        """Losses and correctness at all positions that are asked for."""
        told = self._told(weights, rest, inputs)
        if isinstance(self.task, MemoryTask) and self.task.rule == "adding":
            error = told[:, 0] - targets
            return error**2, jnp.abs(error) < TOLD_WITHIN
        logits = told.reshape(-1, self.task.outputs)
        loss = cross_entropy(logits, targets.ravel().astype(int)).reshape(targets.shape)
        return loss, told.argmax(axis=-1) == targets

    def _scores(self, weights: list[Any], rest: list[Any], inputs: Any, targets: Any) -> Any:  # noqa: ANN401
        losses, correct = self._losses(weights, rest, inputs, targets)
        if self._copying:
            return losses[:, -COPIED:], correct[:, -COPIED:], losses
        return losses, correct, losses

    def _step(
        self,
        weights: list[Any],
        state: list[Any],
        rest: list[Any],
        inputs: Any,  # noqa: ANN401 - backend arrays
        targets: Any,  # noqa: ANN401
        rate: Any,  # noqa: ANN401
    ) -> tuple[list[Any], list[Any]]:
        def loss_of(weights: list[Any]) -> Any:  # noqa: ANN401
            return self._losses(weights, rest, inputs, targets)[0].mean()

        gradients = jax.grad(loss_of)(weights)
        state = [rate if n == self._rate else each for n, each in enumerate(state)]
        weights, state = self._optimiser.stateless_apply(state, gradients, weights)
        return list(weights), list(state)
