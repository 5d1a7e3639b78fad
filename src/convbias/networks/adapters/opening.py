"""Open anything that classifies images: a file, a framework's network or a function."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.checking import checked
from convbias.networks.adapters.classifier import (
    BATCH,
    Classifier,
    InputSettings,
    Opened,
)
from convbias.networks.adapters.shapes import fitting_order
from convbias.networks.forward import in_batches
from convbias.spec.datasets import Dimensions

# Suffixes of files, and what is read so.
SUFFIXES = {
    ".onnx": "ONNX",
    ".keras": "Keras",
    ".pt": "TorchScript",
    ".pth": "TorchScript",
    ".ts": "TorchScript",
    ".pt2": "a program of torch.export",
}
CHECKED_IMAGES = 64


def open_classifier(
    network: Any,  # noqa: ANN401 - of whichever framework
    images: np.ndarray,
    classes: int,
    settings: InputSettings | None = None,
    *,
    labels: np.ndarray | None = None,
    name: str | None = None,
) -> Classifier:
    """Open a network, and check its answers on a few images.

    Args:
        network: Path of an `.onnx`, `.keras`, TorchScript (`.pt`) or `torch.export` (`.pt2`) file
            or of the folder of a SavedModel; a `keras.Model`; a `torch.nn.Module`; a function
            from float32 (n, side, side, channels) to (n, classes); or what this has returned.
        images: Some that it should classify: float32 (n, side, side, channels) in [0, 1], or uint8;
            n at least 1.
        classes: How many there are.
        settings: How it takes images; by default found out, and pixels in [0, 1].
        labels: int (n,), of these images; None: whether its answers are better than chance is not
            looked at.
        name: What reports call it; by default that of its file or class.

    Returns:
        The classifier.

    Raises:
        InputError: It cannot be read, takes other images, or gives something else than logits or
            probabilities of so many classes.
    """
    if isinstance(network, Classifier):
        return network
    settings = settings or InputSettings()
    _, side, width, channels = images.shape
    if side != width:
        raise InputError(f"images are {side} x {width} pixels", "squares")
    dimensions = Dimensions(side, channels, classes)
    opened = _opened(network, dimensions, images[np.arange(2) % len(images)], settings)
    found = Classifier(
        name=name or _name(network),
        dimensions=dimensions,
        outputs=settings.outputs or "logits",
        network=opened,
        settings=settings,
    )
    return checked(found, images[:CHECKED_IMAGES], None if labels is None else labels)


def _name(network: Any) -> str:  # noqa: ANN401
    if isinstance(network, str | Path):
        return Path(network).stem
    own = getattr(network, "name", None) or getattr(network, "__name__", None)
    return own if isinstance(own, str) else type(network).__name__


def _opened(
    network: Any,  # noqa: ANN401
    dimensions: Dimensions,
    example: np.ndarray,
    settings: InputSettings,
) -> Opened:
    order = settings.channels
    first = np.zeros(example.shape, np.float32)
    if order != "last":
        first = first.transpose(0, 3, 1, 2)
    if isinstance(network, str | Path):
        return _from_file(Path(network), dimensions, first, settings)
    # A network's framework has been imported by whoever made it.
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    if keras is not None and isinstance(network, keras.Model):
        if keras.backend.backend() == "jax":
            return _keras(network, dimensions, settings)
        called = network
        network = lambda batch: keras.ops.convert_to_numpy(called(batch, training=False))  # noqa: E731
    if torch is not None and isinstance(network, torch.nn.Module):
        from convbias.networks.adapters.torch_network import open_torch

        return open_torch(network, first, order or "first")
    if callable(network):
        return Opened(
            framework="a function",
            outputs=lambda images: in_batches(
                lambda batch: np.asarray(network(batch), dtype=np.float32), images, BATCH
            ),
            order=order or "last",
        )
    raise InputError(
        f"a {type(network).__name__} is no network",
        "a path, a keras.Model, a torch.nn.Module or a function",
    )


def _from_file(
    path: Path, dimensions: Dimensions, example: np.ndarray, settings: InputSettings
) -> Opened:
    order = settings.channels
    if path.is_dir():
        from convbias.networks.adapters.saved_model import open_saved_model

        return open_saved_model(path, dimensions, order)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path} ends in none of the known suffixes",
            f"a file that ends in {', '.join(SUFFIXES)}, or the folder of a SavedModel",
            "export the network to ONNX, or pass it from Python",
        )
    if suffix == ".onnx":
        from convbias.networks.adapters.onnx_file import open_onnx

        return open_onnx(path, dimensions, order)
    if suffix == ".keras":
        from convbias.networks.adapters.keras_network import open_keras_file

        return _keras(open_keras_file(path), dimensions, settings)
    from convbias.networks.adapters.torch_files import open_torch_file

    return open_torch_file(path, example, order or "first")


def _keras(network: Any, dimensions: Dimensions, settings: InputSettings) -> Opened:  # noqa: ANN401
    from convbias.networks.adapters.keras_network import open_keras

    opened = open_keras(network)
    if settings.channels is not None:
        opened = replace(opened, order=settings.channels)
    shape = getattr(network, "input_shape", None)
    if shape is not None:
        fitting_order("the network", shape, dimensions, opened.order)
    return opened
