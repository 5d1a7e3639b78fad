"""ONNX files, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.archives import check_importable, check_size
from convbias.networks.adapters.classifier import BATCH, Opened, Order
from convbias.networks.adapters.shapes import fitting_order
from convbias.networks.forward import in_batches
from convbias.spec.datasets import Dimensions


def open_onnx(path: Path, dimensions: Dimensions, order: Order | None) -> Opened:
    """Read an ONNX file.

    Weights in other files are read from the file's own folder alone.

    Args:
        path: The file.
        dimensions: The images that it should take.
        order: Where its channels are; None: as its input says, which may be either.

    Raises:
        InputError: It is no such file, has several inputs, takes other images, or names weights
            outside its folder.
    """
    check_importable(["onnx", "onnxruntime"], "an ONNX file")
    check_size(path)
    import onnx
    import onnxruntime
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, ValueError) as error:
        raise InputError(f"{path} is not what its name says: {error}", "an ONNX file") from error
    if not model.graph.node:
        raise InputError(f"{path} is not what its name says: it has no graph", "an ONNX file")
    _check_weights(model, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes, one for each kind
        raise InputError(
            f"onnxruntime cannot run {path}: {_first_line(error)}", "a valid ONNX file"
        ) from error
    if len(session.get_inputs()) != 1:
        raise InputError(
            f"{path} has {len(session.get_inputs())} inputs", "one input, the batch of images"
        )
    [taken], given = session.get_inputs(), session.get_outputs()[0]
    found = fitting_order(str(path), taken.shape, dimensions, order)
    kind = np.float16 if taken.type == "tensor(float16)" else np.float32
    if taken.type not in ("tensor(float)", "tensor(float16)", "tensor(double)"):
        raise InputError(f"the input of {path} is a {taken.type}", "an input of floats")
    if taken.type == "tensor(double)":
        kind = np.float64
    fixed = taken.shape[0] if taken.shape and isinstance(taken.shape[0], int) else None

    def run(images: np.ndarray) -> np.ndarray:
        try:
            [scores] = session.run([given.name], {taken.name: images.astype(kind)})
        except Exception as error:
            raise InputError(
                f"{path} does not take images of shape {images.shape}: {_first_line(error)}",
                "a network for such images",
                "state where its channels are, --channels first or --channels last",
            ) from error
        return np.asarray(scores, dtype=np.float32)

    from convbias.networks.adapters.onnx_fields import onnx_fields

    return Opened(
        framework="ONNX",
        outputs=lambda images: in_batches(run, images, fixed or BATCH, fixed=fixed is not None),
        order=found,
        fields=lambda: onnx_fields(model, found),
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check_weights(model: Any, path: Path) -> None:  # noqa: ANN401 - protobuf's classes
    folder = path.resolve().parent
    functions = [each for function in model.functions for each in _in_nodes(function.node)]
    for tensor in (*_tensors(model.graph), *functions):
        for entry in tensor.external_data:
            if entry.key != "location":
                continue
            target = (folder / entry.value).resolve()
            if not target.is_relative_to(folder):
                raise InputError(
                    f"{path} names weights outside its folder: {entry.value}",
                    "weights in the file itself, or beside it",
                    "save it as one file: onnx.save(model, path, save_as_external_data=False)",
                )
            if not target.is_file():
                raise InputError(
                    f"the weights of {path} are missing: {entry.value}",
                    "the file of its weights beside it",
                )
            check_size(target)


def _tensors(graph: Any) -> Iterator[Any]:  # noqa: ANN401 - protobuf's classes
    """All tensors of a graph and of those inside its nodes."""
    yield from graph.initializer
    for each in graph.sparse_initializer:
        yield from (each.values, each.indices)
    yield from _in_nodes(graph.node)


def _in_nodes(nodes: Any) -> Iterator[Any]:  # noqa: ANN401 - protobuf's classes
    for node in nodes:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)
