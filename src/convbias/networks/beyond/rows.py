"""Networks that tell the class of a table's rows, and their training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from convbias.networks import optimisers
from convbias.networks.backend import check_backend
from convbias.networks.beyond.layers import Convolution1D
from convbias.networks.engine import cross_entropy
from convbias.networks.initializers import GlorotUniform
from convbias.networks.training import epoch_orders
from convbias.spec.beyond.tables import RowConvolution, RowDense, TableRecipe
from convbias.spec.recipes import scheduled
from convbias.spec.streams import Stream, generator

RowModel = RowConvolution | RowDense


@dataclass(frozen=True, eq=False)
class Fit:
    """One training within a cross-validation.

    Args:
        rows: int (n,), the rows to train on.
        value: Of the model's tuned setting.
        fold: The fold that is left out, from 0; fits of one fold begin with the same weights.
    """

    rows: np.ndarray
    value: float
    fold: int


def build(model: RowModel, columns: int, classes: int, seeds: Iterator[int]) -> keras.Sequential:
    """Build a network with freshly drawn weights.

    Args:
        model: The model.
        columns: Columns of the table.
        classes: Its classes.
        seeds: Random seeds of the layers' initial weights.

    Returns:
        A network from float32 (n, columns), standardised, to float32 (n, classes) logits.

    Example:
        >>> build(RowConvolution(), columns=30, classes=2, seeds=iter(range(9))).count_params()
        714
    """
    layers: list[keras.layers.Layer] = []
    if isinstance(model, RowConvolution):
        layers.append(keras.layers.Reshape((columns, 1), name="sequence"))
        layers += [
            Convolution1D(
                filters,
                model.kernel_size,
                padding="same",
                activation="relu",
                kernel_initializer=_glorot(seeds),
                name=f"conv_{number}",
            )
            for number, filters in enumerate(model.filters, start=1)
        ]
        average = model.head == "average"
        pooled = keras.layers.GlobalAveragePooling1D if average else keras.layers.Flatten
        layers.append(pooled(name=model.head))
    else:
        layers += [
            _dense(width, "relu", f"dense_{number}", seeds)
            for number, width in enumerate(model.widths, start=1)
        ]
    layers.append(_dense(classes, "linear", "logits", seeds))
    return keras.Sequential([keras.Input((columns,), name="rows"), *layers])


def _dense(units: int, activation: str, name: str, seeds: Iterator[int]) -> keras.layers.Layer:
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=_glorot(seeds), name=name
    )


def _glorot(seeds: Iterator[int]) -> Any:  # noqa: ANN401 - Keras annotates strings only
    return GlorotUniform(next(seeds))


@dataclass(frozen=True, eq=False)
class RowNetworks:
    """Trains the networks of one run, each with its own rows, learning rate and scaling.

    Args:
        model: Their architecture.
        recipe: Steps and batch size.
        seed: The run's seed, which draws the initial weights of each fold and the order of rows.
        values: float32 (rows, columns), the whole table.
        labels: int (rows,).
    """

    model: RowModel
    recipe: TableRecipe
    seed: int
    values: np.ndarray
    labels: np.ndarray

    @property
    def parameters(self) -> int:
        """How many parameters a network has."""
        return self.model.parameters(self.values.shape[1], int(self.labels.max()) + 1)

    def log_probabilities(self, fits: Sequence[Fit]) -> tuple[np.ndarray, float]:
        """Train a network per fit, and tell all rows with it.

        Args:
            fits: What to train.

        Returns:
            float32 (fits, rows, classes), and the seconds that compilation took.
        """
        columns, classes = self.values.shape[1], int(self.labels.max()) + 1
        compiled = _trainer(self.model, columns, classes, self.recipe.steps)
        seeds = _seed_stream(self.seed)
        folds = range(max(fit.fold for fit in fits) + 1)
        networks = [build(self.model, columns, classes, seeds) for _ in folds]
        weights = [
            [np.asarray(variable) for variable in networks[fit.fold].trainable_variables]
            for fit in fits
        ]
        scaled = [self._scaling(fit.rows) for fit in fits]
        arguments = (
            [np.stack(each) for each in zip(*weights, strict=True)],
            np.stack([mean for mean, _ in scaled]),
            np.stack([deviation for _, deviation in scaled]),
            np.stack([self._batches(fit.rows) for fit in fits]),
            np.outer([fit.value for fit in fits], _relative_rates(self.recipe.steps)).astype("f4"),
            self.values,
            self.labels.astype(np.int32),
        )
        function, seconds = compiled.of(arguments)
        return np.asarray(function(*arguments)), seconds

    def _scaling(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each column over the rows to train on."""
        chosen = self.values[rows].astype(np.float64)
        deviation = chosen.std(axis=0)
        deviation[deviation == 0] = 1.0  # a constant column stays constant
        return chosen.mean(axis=0).astype(np.float32), deviation.astype(np.float32)

    def _batches(self, rows: np.ndarray) -> np.ndarray:
        steps, size = self.recipe.steps, self.recipe.batch_size
        order = next(epoch_orders(rows, self.seed, steps * size))
        return order.reshape(steps, size).astype(np.int32)


def _relative_rates(steps: int) -> np.ndarray:
    """The schedule of the searched recipes with a peak of 1, step by step."""
    schedule = optimisers.learning_rate(scheduled(1, 1.0), steps)
    return np.asarray(jax.vmap(schedule)(jnp.arange(steps)))


def _seed_stream(seed: int) -> Iterator[int]:
    random = generator(seed, Stream.NETWORK)
    while True:
        yield int(random.integers(2**31))


@lru_cache(maxsize=16)
def _trainer(model: RowModel, columns: int, classes: int, steps: int) -> _Trainer:
    return _Trainer(model, columns, classes, steps)


class _Trainer:
    """The compiled training of networks of one architecture."""

    def __init__(self, model: RowModel, columns: int, classes: int, steps: int) -> None:
        check_backend()
        self.steps = steps
        self._network: Any = build(model, columns, classes, _seed_stream(0))
        self._optimiser: Any = keras.optimizers.Adam(1.0)
        self._optimiser.build(self._network.trainable_variables)
        variables = self._optimiser.variables
        self._start = [jnp.array(variable.value) for variable in variables]
        [self._rate] = [n for n, each in enumerate(variables) if "learning_rate" in each.path]
        self._compiled: dict[tuple[tuple[int, ...], ...], Any] = {}

    def of(self, arguments: tuple[Any, ...]) -> tuple[Any, float]:
        """The compiled function for arguments of these shapes, and the seconds it took."""
        shapes = tuple(each.shape for each in arguments[1:])
        if shapes in self._compiled:
            return self._compiled[shapes], 0.0
        started = time.perf_counter()
        self._compiled[shapes] = jax.jit(self._train_all).lower(*arguments).compile()
        return self._compiled[shapes], time.perf_counter() - started

    def _train_all(self, *arguments: Any) -> jax.Array:  # noqa: ANN401 - arrays, and a list of them
        *of_fit, values, labels = arguments

        def train(fit: Any) -> jax.Array:  # noqa: ANN401 - the same for one network
            each: list[Any] = [*fit, values, labels]
            return self._train(*each)

        # One after the other: products of several networks at once are slower on a processor.
        return lax.map(train, tuple(of_fit))

    def _train(
        self,
        weights: list[jax.Array],
        mean: jax.Array,
        deviation: jax.Array,
        batches: jax.Array,
        rates: jax.Array,
        values: jax.Array,
        labels: jax.Array,
    ) -> jax.Array:
        scaled = (values - mean) / deviation

        def loss_of(weights: list[jax.Array], rows: jax.Array) -> jax.Array:
            logits, _ = self._network.stateless_call(weights, [], scaled[rows], training=True)
            return cross_entropy(logits, labels[rows]).mean()

        def step(carry: Any, taken: Any) -> tuple[Any, None]:  # noqa: ANN401
            weights, state = carry
            rows, rate = taken
            gradients = jax.grad(loss_of)(weights, rows)
            state = [rate if n == self._rate else each for n, each in enumerate(state)]
            weights, state = self._optimiser.stateless_apply(state, gradients, weights)
            return (list(weights), list(state)), None

        (weights, _), _ = lax.scan(step, (weights, self._start), (batches, rates))
        logits, _ = self._network.stateless_call(weights, [], scaled, training=False)
        return jax.nn.log_softmax(logits)
