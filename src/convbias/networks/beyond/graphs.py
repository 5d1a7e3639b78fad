"""Networks that tell the class of a graph's nodes, and their training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from convbias.data.beyond.graphs import Graph, load_cora
from convbias.networks.backend import check_backend
from convbias.networks.beyond.result import TaskResult
from convbias.networks.engine import cross_entropy
from convbias.networks.initializers import GlorotUniform
from convbias.networks.scores import PerImage, Scores
from convbias.spec.beyond.graphs import GraphRecipe, NodeNetwork
from convbias.spec.streams import Stream, generator

LAST_LAYER = "second"  # whose weights do not decay


class Sparse(NamedTuple):
    """A matrix by its entries that are not zero.

    Args:
        rows: int32 (entries,), ascending.
        columns: int32 (entries,).
        values: float32 (entries,) or (entries, channels).
    """

    rows: Any
    columns: Any
    values: Any

    def times(self, right: Any) -> Any:  # noqa: ANN401 - backend arrays
        """The product with float32 (columns, n), as many rows as that has."""
        products = right[self.columns] * jnp.asarray(self.values)[:, None]
        return self.summed(products, len(right))

    def summed(self, entries: Any, rows: int) -> Any:  # noqa: ANN401 - backend arrays
        """Sums over the entries of each row: (entries, n) -> (rows, n)."""
        return jax.ops.segment_sum(entries, self.rows, rows, indices_are_sorted=True)


class GraphInputs(NamedTuple):
    """What networks see of a graph.

    Args:
        features: The nodes' features.
        average: The normalised adjacency matrix, with loops.
        image: Where a kernel finds entries of the adjacency matrix, and what: values float32
            (places, kernel_size ** 2).
    """

    features: Sparse
    average: Sparse
    image: Sparse


def inputs_of(graph: Graph, kernel_size: int) -> GraphInputs:
    """What networks see of a graph.

    Args:
        graph: The graph.
        kernel_size: Of the convolution over the adjacency matrix.
    """
    rows, columns = (each.astype(np.int32) for each in np.nonzero(graph.features))
    features = Sparse(rows, columns, graph.features[rows, columns])
    loops = np.repeat(np.arange(graph.nodes, dtype=np.int32), 2).reshape(-1, 2)
    edges = np.concatenate([graph.edges, loops])
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    degree = np.bincount(edges[:, 0], minlength=graph.nodes)
    weights = 1 / np.sqrt(degree[edges[:, 0]] * degree[edges[:, 1]])
    average = Sparse(edges[:, 0], edges[:, 1], weights.astype(np.float32))
    return GraphInputs(features, average, _image(graph, kernel_size))


def _image(graph: Graph, kernel_size: int) -> Sparse:
    """The windows of the adjacency matrix that are not empty; beyond its border it is empty."""
    half = kernel_size // 2
    shifts = [(down, right) for down in range(-half, half + 1) for right in range(-half, half + 1)]
    # The entry at (row, column) is seen at each of these places, by another weight of the kernel.
    places = [graph.edges - shift for shift in shifts]
    weight = np.repeat(np.arange(len(shifts)), len(graph.edges))
    found = np.concatenate(places).astype(np.int64)
    inside = ((found >= 0) & (found < graph.nodes)).all(axis=1)
    number = found[inside, 0] * graph.nodes + found[inside, 1]
    unique, place = np.unique(number, return_inverse=True)
    windows = np.zeros((len(unique), len(shifts)), dtype=np.float32)
    windows[place, weight[inside]] = 1
    rows, columns = np.divmod(unique, graph.nodes)
    return Sparse(rows.astype(np.int32), columns.astype(np.int32), windows)


@keras.saving.register_keras_serializable(package="convbias")
class NodeClassifier(keras.Model):
    """A network from `GraphInputs` to float32 (nodes, classes) logits.

    Args:
        model: Its description.
        nodes: Number of nodes.
        features: Number of features of a node.
        classes: Number of classes.
        seed: Random seed of initial weights and dropout.
    """

    def __init__(
        self, model: NodeNetwork, nodes: int, features: int, classes: int, seed: int
    ) -> None:
        super().__init__(name=model.name.replace(" ", "_"))
        seeds = _seed_stream(seed)
        self.model, self.nodes = model, nodes
        self.drop_features = keras.layers.Dropout(model.dropout, seed=next(seeds))
        self.drop_hidden = keras.layers.Dropout(model.dropout, seed=next(seeds))
        self.first = self._weights("first", (features, model.hidden), seeds)
        self.second = self._weights(LAST_LAYER, (model.hidden, classes), seeds)
        if model.graph == "as an image":
            taps = model.kernel_size**2
            self.kernel = self._weights("kernel", (taps, model.filters), seeds)
            shape = (nodes, model.filters * model.hidden)
            self.reader = self._weights("reader", shape, seeds)
        self.built = True

    def _weights(self, name: str, shape: tuple[int, int], seeds: Iterator[int]) -> Any:  # noqa: ANN401
        initializer: Any = GlorotUniform(next(seeds))
        return self.add_weight(name=name, shape=shape, initializer=initializer)

    def call(self, inputs: GraphInputs, training: bool = False) -> Any:  # noqa: ANN401
        """Tell the classes of all nodes."""
        features, average, image = inputs
        first, second = (keras.ops.convert_to_tensor(each) for each in (self.first, self.second))
        averaged = self.model.graph == "averaged"
        kept = self.drop_features(features.values, training=training)
        words = jnp.asarray(first)[features.columns] * jnp.asarray(kept)[:, None]
        hidden = features.summed(words, self.nodes)
        if averaged:
            hidden = average.times(hidden)
        if self.model.graph == "as an image":
            hidden = hidden + self._read(image)
        hidden = self.drop_hidden(jax.nn.relu(hidden), training=training)
        logits = jnp.asarray(hidden) @ jnp.asarray(second)
        return average.times(logits) if averaged else logits

    def _read(self, image: Sparse) -> jax.Array:
        """Convolve the adjacency matrix, and let a dense layer read each row: (nodes, hidden)."""
        kernel, reader = (
            jnp.asarray(keras.ops.convert_to_tensor(each)) for each in (self.kernel, self.reader)
        )
        maps = jax.nn.relu(jnp.asarray(image.values) @ kernel)  # (places, filters)
        weights = reader.reshape(self.nodes, self.model.filters, self.model.hidden)
        read = jnp.einsum("pf,pfh->ph", maps, weights[image.columns])
        return image.summed(read, self.nodes)


def _seed_stream(seed: int) -> Iterator[int]:
    random = generator(seed, Stream.NETWORK)
    while True:
        yield int(random.integers(2**31))


def train_nodes(model: NodeNetwork, recipe: GraphRecipe, seed: int) -> TaskResult:
    """Train a network on the labelled nodes of Cora, and tell the others.

    Args:
        model: The network.
        recipe: How it is trained.
        seed: Draws initial weights, dropout, and the order in which nodes are numbered anew.

    Returns:
        Scores over the test nodes. `validation_accuracy` is that over validation nodes. The trained
        network also tells the nodes of the same graph with other numbers:
        `answers_changed_by_numbers` is the share of all nodes that it gives another class then, and
        `largest_change_by_numbers` the largest change of a logit.
    """
    started = time.perf_counter()
    graph = load_cora()
    inputs = inputs_of(graph, model.kernel_size)
    trainer = _trainer(model, recipe)
    network = trainer.build(graph, seed)
    function, compiling = trainer.compiled(network, inputs)
    weights = function(*_state(network), inputs)
    logits = np.asarray(trainer.logits(weights, inputs))
    order = generator(seed, Stream.NODE_NUMBERS).permutation(graph.nodes)
    numbered_anew = inputs_of(graph.renumbered(order), model.kernel_size)
    other = np.empty_like(logits)
    other[order] = trainer.logits(weights, numbered_anew)
    classes = logits.argmax(axis=1)
    correct = classes == graph.labels
    loss = np.asarray(cross_entropy(jnp.asarray(logits), jnp.asarray(graph.labels, dtype=int)))
    scored = graph.validation if recipe.scored_on == "validation" else graph.test
    return TaskResult(
        test=Scores(
            images=len(scored),
            loss=float(loss[scored].astype(np.float64).mean()),
            accuracy=float(correct[scored].mean()),
        ),
        per_item=PerImage(correct=correct[scored], loss=loss[scored]),
        checksum=graph.checksum,
        measures={
            "parameters": float(sum(np.size(each) for each in weights)),
            "validation_accuracy": float(correct[graph.validation].mean()),
            "answers_changed_by_numbers": float((other.argmax(axis=1) != classes).mean()),
            "largest_change_by_numbers": float(np.abs(other - logits).max()),
        },
        training_seconds=time.perf_counter() - started - compiling,
        compile_seconds=compiling,
    )


def _state(network: keras.Model) -> tuple[list[Any], list[Any]]:
    return (
        [jnp.array(variable.value) for variable in network.trainable_variables],
        [jnp.array(variable.value) for variable in network.non_trainable_variables],
    )


@lru_cache(maxsize=8)
def _trainer(model: NodeNetwork, recipe: GraphRecipe) -> _Trainer:
    return _Trainer(model, recipe)


class _Trainer:
    """The compiled training of networks of one description."""

    def __init__(self, model: NodeNetwork, recipe: GraphRecipe) -> None:
        check_backend()
        self.model, self.recipe = model, recipe
        graph = load_cora()
        self._network: Any = self.build(graph, seed=0)
        self._optimiser: Any = keras.optimizers.Adam(recipe.learning_rate)
        self._optimiser.build(self._network.trainable_variables)
        self._start = [jnp.array(variable.value) for variable in self._optimiser.variables]
        names = [variable.name for variable in self._network.trainable_variables]
        self._decaying = [n for n, name in enumerate(names) if name != LAST_LAYER]
        self._rest = _state(self._network)[1]
        self._chosen = jnp.asarray(graph.training)
        self._labels = jnp.asarray(graph.labels, dtype=jnp.int32)[self._chosen]
        self._compiled: Any = None
        self._logits = jax.jit(self._told)

    def build(self, graph: Graph, seed: int) -> NodeClassifier:
        """A network with freshly drawn weights."""
        classes = int(graph.labels.max()) + 1
        return NodeClassifier(self.model, graph.nodes, graph.features.shape[1], classes, seed)

    def compiled(self, network: keras.Model, inputs: GraphInputs) -> tuple[Any, float]:
        """The compiled training, and the seconds that compiling took."""
        if self._compiled is not None:
            return self._compiled, 0.0
        started = time.perf_counter()
        lowered = jax.jit(self._train).lower(*_state(network), inputs)
        self._compiled = lowered.compile()
        return self._compiled, time.perf_counter() - started

    def logits(self, weights: list[jax.Array], inputs: GraphInputs) -> jax.Array:
        """The logits of all nodes without dropout, float32 (nodes, classes)."""
        return self._logits(weights, inputs)

    def _told(self, weights: list[jax.Array], inputs: GraphInputs) -> jax.Array:
        return self._network.stateless_call(weights, self._rest, inputs, training=False)[0]

    def _train(
        self, weights: list[jax.Array], rest: list[jax.Array], inputs: GraphInputs
    ) -> list[jax.Array]:
        def loss_of(weights: list[jax.Array], rest: list[jax.Array]) -> tuple[jax.Array, Any]:
            logits, rest = self._network.stateless_call(weights, rest, inputs, training=True)
            squares = sum((weights[n] ** 2).sum() for n in self._decaying)
            loss = cross_entropy(logits[self._chosen], self._labels).mean()
            return loss + self.recipe.weight_decay / 2 * squares, rest

        def step(carry: Any, _: None) -> tuple[Any, None]:  # noqa: ANN401
            weights, rest, state = carry
            gradients, rest = jax.grad(loss_of, has_aux=True)(weights, rest)
            weights, state = self._optimiser.stateless_apply(state, gradients, weights)
            return (list(weights), list(rest), list(state)), None

        start = (weights, rest, self._start)
        (weights, _, _), _ = lax.scan(step, start, length=self.recipe.epochs)
        return weights
