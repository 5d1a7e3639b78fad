"""Trained networks as the page computes with them: a list of layers and their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from convbias.experiments import experiment_of
from convbias.networks.forward import side_of
from convbias.networks.layers import AntialiasedPooling, CircularPadding
from convbias.runs.choosing import best_run
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Arm
from convbias.spec.datasets import DatasetName

# What the page calls a network, to the condition of `shift` that has its model and its canvas.
ON_CANVAS = {"dense": "dense", "cnn": "cnn", "steady": "circular polyphase cnn"}
_PLAIN = ("dense", "cnn")  # the same models on the images as they are


@dataclass(frozen=True, eq=False)
class PageNetwork:
    """A network of the page.

    Args:
        description: What the page must know of it, as JSON; `weights` of a layer are the shapes of
            its arrays in the order of the file.
        weights: float32, little endian, all arrays of all layers one after the other.
    """

    description: dict[str, Any]
    weights: bytes

    @property
    def file(self) -> str:
        """Where its weights lie in the site."""
        return str(self.description["file"])


def page_networks(
    stores: Sequence[Store], dataset: DatasetName, study_runs: Iterable[Run] = ()
) -> list[PageNetwork]:
    """The networks that the page computes with, as far as they are stored.

    Args:
        stores: Hold runs with their networks; a later one counts where the earlier ones lack one.
        dataset: The images that the networks were trained on.
        study_runs: The runs whose numbers the page shows. A network need not be from one of them:
            training the same arm with the same seed on another machine gives another network.

    Returns:
        First the dense network, the CNN and the CNN with circular padding and polyphase sampling on
        the canvas of the experiment `shift`, then the dense network and the CNN on the images as
        they are; of each the one with the highest validation accuracy.

    Raises:
        InputError: A network cannot be read.
    """
    conditions = {each.name: each for each in experiment_of("shift", dataset).conditions}
    on_canvas = {role: conditions[name] for role, name in ON_CANVAS.items()}
    wanted: list[tuple[str, object, Mapping[str, Any]]] = [
        *((role, each.model, each.changes) for role, each in on_canvas.items()),
        *((role, on_canvas[role].model, {}) for role in _PLAIN),
    ]
    shown = {run.key: run for run in study_runs}
    found: dict[int, PageNetwork] = {}
    for store in stores:
        runs = [
            run
            for run in store.with_networks()[0]
            if isinstance(run.arm, Arm) and run.arm.data.dataset == dataset
        ]
        for place, (role, model, changes) in enumerate(wanted):
            run = _best(runs, model, changes)
            if run is not None and place not in found:
                network = load_network(store, run)
                found[place] = _page_network(network, run, role, shown.get(run.key))
    return [found[place] for place in sorted(found)]


def _best(runs: Iterable[Run], model: object, changes: Mapping[str, Any]) -> Run | None:
    alike = [
        run
        for run in runs
        if isinstance(run.arm, Arm)
        and (run.arm.model, run.arm.data.changes) == (model, changes)
        and run.status == "finished"
    ]
    if not changes:
        return best_run(alike)
    ranked = {(-run.validation.accuracy, run.key): run for run in alike if run.validation}
    return ranked[min(ranked)] if ranked else None


def _page_network(network: keras.Model, run: Run, role: str, shown: Run | None) -> PageNetwork:
    arm = run.image_arm
    original = shown if shown and shown.weights_checksum != run.weights_checksum else None
    described, arrays = described_layers(network)
    return PageNetwork(
        {
            "role": role,
            "run": run.key,
            "model": arm.model.name,
            "file": f"networks/{run.key}.bin",
            "side": side_of(network),
            "channels": network.input_shape[-1],
            "parameters": network.count_params(),
            "epochs": arm.recipe.epochs,
            "testAccuracy": run.test.accuracy if run.test else None,
            "studyAccuracy": original.test.accuracy if original and original.test else None,
            "layers": described,
        },
        b"".join(np.ascontiguousarray(each, "<f4").tobytes() for each in arrays),
    )


def described_layers(network: keras.Model) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """A network's layers in the page's words, and their weights.

    Args:
        network: A sequence of layers; what only training needs is left out.

    Returns:
        One description per layer, and the arrays of all, each kernel before its bias.

    Raises:
        LookupError: The page cannot compute one of the layers.
    """
    described: list[dict[str, Any]] = []
    arrays: list[np.ndarray] = []
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer | keras.layers.Dropout):
            continue
        weights = [np.asarray(each) for each in layer.get_weights()]
        shapes = [list(each.shape) for each in weights]
        described.append({"name": layer.name, **_described(layer), "weights": shapes})
        arrays += weights
    return described, arrays


def _described(layer: Any) -> dict[str, Any]:  # noqa: ANN401 - Keras annotates no attributes
    for kind, describe in _DESCRIBED.items():
        if isinstance(layer, kind) and (described := describe(layer)) is not None:
            return described
    raise LookupError(f"the page cannot compute the layer {layer.name}")


def _polyphase(layer: AntialiasedPooling) -> dict[str, Any] | None:
    if layer.method != "polyphase":
        return None
    return {"kind": "polyphase", "circular": layer.circular}


def _convolution(layer: Any) -> dict[str, Any] | None:  # noqa: ANN401
    if layer.strides != (1, 1):
        return None
    return {
        "kind": "convolution",
        "padding": layer.padding,
        "dilation": layer.dilation_rate[0],
        "relu": layer.activation is keras.activations.relu,
    }


# None where the page cannot compute a layer of this class with these options.
_DESCRIBED: dict[type[keras.layers.Layer], Callable[[Any], dict[str, Any] | None]] = {
    keras.layers.Rescaling: lambda layer: {
        "kind": "rescaling",
        "scale": layer.scale,
        "offset": layer.offset,
    },
    CircularPadding: lambda layer: {"kind": "circular", "pixels": layer.pixels},
    keras.layers.Conv2D: _convolution,
    keras.layers.MaxPooling2D: lambda layer: {"kind": "maximum", "size": layer.pool_size[0]},
    keras.layers.AveragePooling2D: lambda layer: {"kind": "average", "size": layer.pool_size[0]},
    AntialiasedPooling: _polyphase,
    keras.layers.GlobalAveragePooling2D: lambda _: {"kind": "global-average"},
    keras.layers.Flatten: lambda _: {"kind": "flatten"},
    keras.layers.Dense: lambda layer: {"kind": "dense", "activation": layer.activation.__name__},
}
