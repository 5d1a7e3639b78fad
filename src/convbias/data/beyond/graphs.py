"""Cora: 2,708 papers, the words that occur in each, and which cites which."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from convbias.data.beyond.published import PublishedData

TRAINING, VALIDATION, TEST = 140, 500, 1_000

CORA = PublishedData(
    title="Cora",
    folder="cora",
    checksums={
        "ind.cora.allx": "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
        "ind.cora.ally": "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
        "ind.cora.graph": "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
        "ind.cora.test.index": "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875",
        "ind.cora.tx": "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
        "ind.cora.ty": "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
    },
    addresses=("https://raw.githubusercontent.com/kimiyoung/planetoid/master/data/",),
)


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph whose nodes have features and a class.

    Args:
        features: float32 (nodes, features).
        labels: uint8 (nodes,).
        edges: int32 (edges, 2), each pair of neighbours in both directions, without loops.
        training: int (140,), the labelled nodes.
        validation: int (500,).
        test: int (1000,).
    """

    features: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    edges: np.ndarray = field(repr=False)
    training: np.ndarray = field(repr=False)
    validation: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.labels)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over the bytes of features, labels and edges."""
        digest = hashlib.sha256()
        for array in (self.features, self.labels, self.edges):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def renumbered(self, order: np.ndarray) -> Graph:
        """The same graph with its nodes in another order.

        Args:
            order: int (nodes,), a permutation: the node that each number goes to.
        """
        place = np.argsort(order).astype(np.int32)  # the new number of each node
        edges = place[self.edges]
        return Graph(
            features=self.features[order],
            labels=self.labels[order],
            edges=edges[np.lexsort((edges[:, 1], edges[:, 0]))],
            training=place[self.training],
            validation=place[self.validation],
            test=place[self.test],
        )


@cache
def load_cora() -> Graph:
    """Load Cora with its public split of 140 labelled, 500 validation and 1,000 test nodes.

    Features say which of 1,433 words occur in a paper, divided by their number. The files are
    pickles of Python 2: they are verified first, and then read without calling anything but what
    arrays and lists are made of.

    Source: Yang, Cohen and Salakhutdinov, "Revisiting semi-supervised learning with graph
    embeddings", 2016 (arXiv 1603.08861).

    Raises:
        DataError: A file is damaged, or is missing and cannot be downloaded.
    """
    files = {name.removeprefix("ind.cora."): content for name, content in CORA.read().items()}
    first, last = (_unpickled(files[name]).dense() for name in ("allx", "tx"))
    first_labels, last_labels = (_unpickled(files[name]).argmax(axis=1) for name in ("ally", "ty"))
    test = np.array(files["test.index"].split(), dtype=int)
    words = np.concatenate([first, last])
    labels = np.concatenate([first_labels, last_labels])
    # The last rows are in the order of the file of test nodes.
    words[test], labels[test] = last, last_labels
    neighbours = _unpickled(files["graph"])
    pairs = {
        pair
        for node, others in neighbours.items()
        for other in others
        if node != other
        for pair in ((node, other), (other, node))
    }
    return Graph(
        features=(words / words.sum(axis=1, keepdims=True)).astype(np.float32),
        labels=labels.astype(np.uint8),
        edges=np.array(sorted(pairs), dtype=np.int32),
        training=np.arange(TRAINING),
        validation=np.arange(TRAINING, TRAINING + VALIDATION),
        test=np.sort(test),
    )


class _Rows:
    """What the files call a matrix of compressed rows; takes its arrays, and computes nothing."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.parts = state

    def dense(self) -> np.ndarray:
        """The matrix as an array, float64 (rows, columns)."""
        parts = self.parts
        values = np.zeros(parts["_shape"])
        rows = np.repeat(np.arange(len(values)), np.diff(parts["indptr"]))
        values[rows, parts["indices"]] = parts["data"]
        return values


# What the files name, and what stands for it.
_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("scipy.sparse.csr", "csr_matrix"): _Rows,
    ("collections", "defaultdict"): defaultdict,
    ("__builtin__", "list"): list,
}


class _Unpickler(pickle.Unpickler):
    """Reads pickles of arrays, matrices and lists, and refuses all others."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever is known
        """A class or function that a pickle names."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of data")
        return _KNOWN[module, name]


def _unpickled(content: bytes) -> Any:  # noqa: ANN401 - arrays, matrices and lists
    return _Unpickler(io.BytesIO(content), encoding="latin1").load()
