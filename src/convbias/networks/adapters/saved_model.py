"""SavedModels, run by TensorFlow where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.archives import check_importable, check_size
from convbias.networks.adapters.classifier import BATCH, Opened, Order
from convbias.networks.adapters.shapes import fitting_order
from convbias.networks.forward import in_batches
from convbias.spec.datasets import Dimensions

SIGNATURE = "serving_default"
# Operations that read or write files, or run code of other languages.
_REFUSED = frozenset(
    ["ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc"]
)


def open_saved_model(path: Path, dimensions: Dimensions, order: Order | None) -> Opened:
    """Read a SavedModel.

    Args:
        path: Its folder, which holds `saved_model.pb`.
        dimensions: The images that it should take.
        order: Where its axis of channels is; None: as its input says, the last where that may be.

    Raises:
        InputError: TensorFlow is not installed, it is no SavedModel, or its graph reads or writes
            files.
    """
    graph_file = path / "saved_model.pb"
    if not graph_file.is_file():
        raise InputError(
            f"{path} is a folder without saved_model.pb",
            "the folder of a SavedModel, or a file",
            "name the folder that holds saved_model.pb",
        )
    check_importable(["tensorflow"], "a SavedModel")
    check_size(graph_file)
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(graph_file.read_bytes())
    except DecodeError as error:
        raise InputError(f"{graph_file} is not what its name says", "a SavedModel") from error
    used = _REFUSED & {
        node.op
        for each in saved.meta_graphs
        for nodes in (
            each.graph_def.node,
            *(function.node_def for function in each.graph_def.library.function),
        )
        for node in nodes
    }
    if used:
        raise InputError(
            f"{path} has operations that touch files or run code: {', '.join(sorted(used))}",
            "a graph that computes alone",
        )
    try:
        loaded: Any = tf.saved_model.load(str(path))
        function = loaded.signatures[SIGNATURE]
    except Exception as error:  # of many kinds
        raise InputError(
            f"TensorFlow cannot read {path}: {(str(error).splitlines() or [''])[0]}",
            f"a SavedModel with the signature {SIGNATURE}",
        ) from error
    [(name, taken)] = function.structured_input_signature[1].items()
    outputs = list(function.structured_outputs)
    if len(outputs) != 1:
        raise InputError(f"{path} gives {', '.join(outputs)}", "one output, a score per class")
    shape = taken.shape.as_list() if taken.shape.rank else [None] * 4
    found_order = fitting_order(str(path), shape, dimensions, order, preferred="last")
    fixed = shape[0]

    def run(images: np.ndarray) -> np.ndarray:
        try:
            found = function(**{name: tf.constant(images, taken.dtype)})
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise InputError(
                f"{path} does not take images of shape {images.shape}:"
                f" {(str(error).splitlines() or [''])[0]}",
                f"images of shape {tuple(taken.shape)}",
                "state where its channels are, or bring your own images to its size with --side",
            ) from error
        return np.asarray(found[outputs[0]], dtype=np.float32)

    # The graph stays alive as long as what was loaded.
    return Opened(
        framework="TensorFlow",
        outputs=lambda images, _kept=loaded: in_batches(
            run, images, fixed or BATCH, fixed=fixed is not None
        ),
        order=found_order,
    )
