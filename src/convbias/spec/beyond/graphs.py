"""Descriptions of what is trained on graphs: graph, model and recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convbias.spec.description import Description


class GraphTask(Description, frozen=True):
    """Tell the class of a graph's nodes, of which few are labelled."""

    kind: Literal["graph"] = "graph"
    graph: Literal["cora"] = "cora"

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the graph; nothing ever is."""
        return {}

    @property
    def data(self) -> str:
        """The name of the data."""
        return self.graph

    @property
    def name(self) -> str:
        """What tables call the data."""
        return self.graph


class NodeNetwork(Description, frozen=True):
    """Two dense layers applied to every node; what differs is what a node sees of the graph.

    Dropout before both layers, ReLU between them, no biases.
    """

    family: Literal["node-network"] = "node-network"
    graph: Literal["averaged", "unseen", "as an image"] = Field(
        description="averaged: both layers average over a node and its neighbours, which makes this"
        " a graph convolutional network. unseen: only the node's own features. as an image: a"
        " convolution runs over the adjacency matrix, and a third layer reads a node's row of it."
    )
    hidden: int = Field(default=16, ge=1)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    kernel_size: int = Field(
        default=3, ge=1, le=9, description="Of the convolution over the adjacency matrix."
    )
    filters: int = Field(default=2, ge=1, le=64, description="Of the same convolution.")

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        names = {"averaged": "graph convolution", "unseen": "dense", "as an image": "convolution"}
        return names[self.graph]


class GraphRecipe(Description, frozen=True):
    """How networks on a graph are trained: Adam on all labelled nodes at once.

    Source: Kipf and Welling, "Semi-supervised classification with graph convolutional networks",
    2017 (arXiv 1609.02907), section 5.2.
    """

    name: Literal["published"] = "published"
    epochs: int = Field(default=200, ge=1)
    learning_rate: float = Field(default=0.01, gt=0, le=1)
    weight_decay: float = Field(
        default=5e-4,
        ge=0,
        description="Times half the sum of squared weights of all layers but the last.",
    )
    scored_on: Literal["test", "validation"] = "test"
