"""Trained networks, read from where their runs are stored."""

from __future__ import annotations

from typing import Any

import keras

import convbias.networks.layers  # noqa: F401 - Keras reads networks of these layers
from convbias.errors import InputError
from convbias.runs.record import Run
from convbias.runs.store import Store


def load_network(store: Store, run: Run) -> keras.Model:
    """Read the trained network of a run.

    Args:
        store: Where the run lies.
        run: A finished run.

    Raises:
        InputError: It is missing or damaged.
    """
    path = store.network_path(run.arm, run.seed)
    try:
        # Keras annotates what it reads as anything at all.
        network: Any = keras.saving.load_model(path, compile=False)
    except Exception as error:  # the reader raises whatever the damage leads to
        there = path.exists()
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"the network {path} {f'cannot be read: {reason}' if there else 'is missing'}",
            "the trained network beside its record",
            "look with `convbias runs verify`, and train the run again, or name another one with"
            " --run",
        ) from error
    return network
