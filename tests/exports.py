"""Networks to export, and an export that tests share."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from command_line import one_at_a_time, shared_folder
from convbias.data import load
from convbias.networks import models
from convbias.shipping.export.exporting import export
from convbias.spec.arms import Convolutional, Model
from factories import make_run


def untrained(model: Model) -> keras.Sequential:
    """A network with initial weights and random biases."""
    network = models.build(model, seed=3, standardise=(0.3, 0.4))
    random = np.random.default_rng(0)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, random.normal(0, 0.1, bias.shape)])
    return network


def exported_cnn(base: Path) -> Path:
    """Export an untrained 3x3 CNN, once for all tests of a session.

    Args:
        base: the session's temporary folder.
    """
    folder = shared_folder(base) / "exported" / "fashion_mnist_model"
    folder.parent.mkdir(exist_ok=True)
    with one_at_a_time(folder):
        if not folder.exists():
            export(untrained(Convolutional()), make_run("cnn-3x3", 0), load("drawn"), folder)
    return folder
