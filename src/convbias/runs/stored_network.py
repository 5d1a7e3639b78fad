"""Read the trained networks of stored runs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

import convbias.networks.layers  # noqa: F401 - Keras reads networks of these layers
from convbias.errors import InputError
from convbias.networks.backend import check_backend
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.files import open_file


def load_network(store: Store, run: Run) -> keras.Model:
    """Read the trained network of a run.

    Args:
        store: Holds the run and its network.
        run: A finished run.

    Raises:
        InputError: The network is missing or damaged.
        StorageError: Its file may not be read.
        BackendError: Keras or JAX cannot compute in this environment.
    """
    check_backend()
    path = store.network_path(run.arm, run.seed)
    if path.exists():
        with open_file(path):
            pass  # Keras says "not found" of a file that may not be read
    try:
        network = _load(path)
    except Exception as error:  # damage can cause any kind of error
        there = path.exists()
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"the network {path} {f'cannot be read: {reason}' if there else 'is missing'}",
            "the trained network beside its record",
            "look with `convbias runs verify`, and train the run again, or name another one with"
            " --run",
        ) from error
    return network


def _load(path: Path) -> keras.Model:
    """What `keras.saving.load_model` gives, without drawing weights that are replaced at once.

    JAX would compile the drawing for every shape, which takes up to 4 seconds.
    """
    with zipfile.ZipFile(path) as file:
        description = json.loads(file.read("config.json"))
    initializers = {}
    for layer in description["config"]["layers"]:
        if "kernel_initializer" in (config := layer["config"]):
            initializers[config["name"]] = config["kernel_initializer"]
            config["kernel_initializer"] = "zeros"
    # Keras annotates the result as any object.
    network: Any = keras.models.model_from_json(json.dumps(description))
    network.load_weights(path)
    for name, initializer in initializers.items():
        network.get_layer(name).kernel_initializer = keras.initializers.deserialize(initializer)
    return network
