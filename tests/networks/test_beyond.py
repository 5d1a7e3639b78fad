"""Networks on tables and graphs, against NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.data.beyond.graphs import Graph
from convbias.data.beyond.tables import Table
from convbias.networks.beyond import cross_validation, rows
from convbias.networks.beyond.cross_validation import columns_of, cross_validate
from convbias.networks.beyond.graphs import NodeClassifier, inputs_of
from convbias.networks.beyond.layers import Convolution1D
from convbias.spec.beyond.graphs import NodeNetwork
from convbias.spec.beyond.tables import (
    BoostedTrees,
    LogisticRegression,
    RowConvolution,
    RowDense,
    TableRecipe,
    TableTask,
)

RANDOM = np.random.default_rng(0)
WINE = TableTask(table="wine")


@pytest.mark.parametrize(("padding", "dilation", "taps"), [("same", 1, 3), ("causal", 2, 3)])
def test_a_convolution_by_hand(padding, dilation, taps):
    layer = Convolution1D(4, taps, padding=padding, dilation_rate=dilation)
    inputs = RANDOM.normal(size=(2, 7, 3)).astype(np.float32)
    found = np.asarray(layer(inputs))
    kernel, bias = (np.asarray(weight) for weight in layer.weights)
    expected = np.zeros_like(found) + bias
    first = -dilation * (taps - 1) if padding == "causal" else -(dilation * (taps - 1) // 2)
    for place in range(7):
        for tap in range(taps):
            seen = place + first + tap * dilation
            if 0 <= seen < 7:
                expected[:, place] += inputs[:, seen] @ kernel[tap]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [RowConvolution(), RowConvolution(head="average", filters=(4, 6)), RowDense(widths=(5, 9))],
)
def test_networks_of_rows_have_the_parameters_that_are_told(model):
    network = rows.build(model, columns=13, classes=3, seeds=iter(range(9)))
    assert network.count_params() == model.parameters(13, 3)


def made(monkeypatch, values: np.ndarray, labels: np.ndarray) -> None:
    table = Table(values.astype(np.float32), labels.astype(np.uint8))
    monkeypatch.setattr(cross_validation, "load_table", lambda _: table)


def test_no_row_is_told_by_a_model_that_has_seen_it(monkeypatch):
    # Trees learn random labels by heart, and are right about half of what they have not seen.
    made(monkeypatch, RANDOM.normal(size=(300, 4)), RANDOM.integers(2, size=300))
    recipe = TableRecipe(candidates=(0.3, 0.6))
    found = cross_validate(WINE, BoostedTrees(trees=30), recipe, seed=0)
    assert 0.35 < found.test.accuracy < 0.65
    assert found.test.images == len(found.per_item.correct) == 300


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "candidates", "least"),
    [
        (RowDense(widths=(8,)), (1e-6, 0.02), 0.95),
        (LogisticRegression(), (1e-8, 1.0), 0.95),
    ],
)
def test_the_better_candidate_is_chosen_on_rows_that_were_held_out(
    monkeypatch, model, candidates, least
):
    values = RANDOM.normal(size=(200, 3)) * [1, 1_000, 1]
    values[:, 2] = 7  # a constant column must not divide by zero
    made(monkeypatch, values, (values[:, 1] > 0).astype(int))
    recipe = TableRecipe(folds=2, candidates=candidates, steps=100, batch_size=32)
    found = cross_validate(WINE, model, recipe, seed=0)
    assert found.test.accuracy > least
    # Two candidates are both at the edge.
    assert found.measures["tuned_at_the_edge"] == 1


def test_shuffled_columns_are_the_same_columns_in_another_order():
    values = RANDOM.normal(size=(5, 30)).astype(np.float32)
    task = TableTask(table="breast-cancer", columns="shuffled")
    first, second = (columns_of(task, seed, values) for seed in (0, 1))
    np.testing.assert_array_equal(np.sort(first, axis=1), np.sort(values, axis=1))
    assert not np.array_equal(first, values)
    assert not np.array_equal(first, second)
    assert columns_of(TableTask(table="breast-cancer"), 0, values) is values


def small_graph(nodes: int = 9) -> Graph:
    pairs = [(0, 1), (0, 2), (3, 4), (4, 5), (2, 8), (6, 7), (1, 5)]
    edges = np.array(sorted({*pairs, *((b, a) for a, b in pairs)}), dtype=np.int32)
    features = RANDOM.random((nodes, 4)).astype(np.float32) * RANDOM.integers(2, size=(nodes, 4))
    features[:, 0] = 0.5
    numbers = np.arange(nodes)
    labels = np.arange(nodes).astype(np.uint8) % 3
    return Graph(features, labels, edges, numbers[:3], numbers[3:5], numbers[5:])


def adjacency(graph: Graph) -> np.ndarray:
    matrix = np.zeros((graph.nodes, graph.nodes))
    matrix[tuple(graph.edges.T)] = 1
    return matrix


def weights_of(network: keras.Model) -> dict[str, np.ndarray]:
    return {each.name: np.asarray(each).astype(float) for each in network.trainable_variables}


def logits(model: NodeNetwork, graph: Graph) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    network = NodeClassifier(model, graph.nodes, graph.features.shape[1], 3, seed=1)
    found = network(inputs_of(graph, model.kernel_size), training=False)
    return np.asarray(found), weights_of(network)


def test_the_graph_convolution_by_hand():
    graph = small_graph()
    found, weights = logits(NodeNetwork(graph="averaged"), graph)
    looped = adjacency(graph) + np.eye(graph.nodes)
    scale = np.diag(looped.sum(axis=1) ** -0.5)
    average = scale @ looped @ scale
    hidden = np.maximum(average @ graph.features @ weights["first"], 0)
    np.testing.assert_allclose(found, average @ hidden @ weights["second"], rtol=1e-4, atol=1e-6)


def test_the_convolution_over_the_adjacency_matrix_by_hand():
    graph = small_graph()
    model = NodeNetwork(graph="as an image", filters=2, hidden=4)
    found, weights = logits(model, graph)
    image = np.pad(adjacency(graph), 1)
    maps = np.zeros((9, 9, 2))
    for row in range(9):
        for column in range(9):
            window = image[row : row + 3, column : column + 3].ravel()
            maps[row, column] = np.maximum(window @ weights["kernel"], 0)
    reader = weights["reader"].reshape(9, 2, 4)
    hidden = graph.features @ weights["first"] + np.einsum("rcf,cfh->rh", maps, reader)
    expected = np.maximum(hidden, 0) @ weights["second"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("seen", "changes"), [("averaged", False), ("unseen", False), ("as an image", True)]
)
def test_only_the_image_depends_on_the_nodes_numbers(seen, changes):
    graph = small_graph()
    order = np.array([4, 8, 0, 2, 7, 1, 3, 6, 5])
    model = NodeNetwork(graph=seen)
    found, _ = logits(model, graph)
    other, _ = logits(model, graph.renumbered(order))
    assert np.allclose(other, found[order], rtol=1e-4, atol=1e-6) != changes
