"""SavedModels, run by TensorFlow where it is installed."""

from __future__ import annotations

import re
from collections.abc import Callable
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
# Operations that read or write files, or run code of other languages. Those that store and restore
# variables are in every SavedModel.
_REFUSED = re.compile(
    r"(Read|Write)File|(Experimental)?MatchingFiles\w*|(Eager)?PyFunc\w*|PrintV2"
    r"|InitializeTableFromTextFile\w*|CreateSummary\w+|Debug\w+"
    r"|(Experimental)?(Save|Load|Cache|Snapshot|TextLine|TFRecord|FixedLengthRecord|CSV|Sql|LMDB)"
    r"Dataset\w*|(WholeFile|TextLine|TFRecord|FixedLengthRecord|LMDB)Reader\w*"
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
    loaded = _loaded(path)
    import tensorflow as tf

    function = loaded.signatures[SIGNATURE]
    [(name, taken)] = function.structured_input_signature[1].items()
    outputs = list(function.structured_outputs)
    if len(outputs) != 1:
        raise InputError(f"{path} gives {', '.join(outputs)}", "one output, a score per class")
    shape = taken.shape.as_list() if taken.shape.rank else [None] * 4
    found_order = fitting_order(str(path), shape, dimensions, order, preferred="last")
    fixed = shape[0]

    def called(images: Any) -> Any:  # noqa: ANN401 - an array or a tensor
        try:
            return function(**{name: tf.convert_to_tensor(images, taken.dtype)})[outputs[0]]
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise InputError(
                f"{path} does not take images of shape {images.shape}:"
                f" {(str(error).splitlines() or [''])[0]}",
                f"images of shape {tuple(taken.shape)}",
                "state where its channels are, or bring your own images to its size with --side",
            ) from error

    def run(images: np.ndarray) -> np.ndarray:
        return np.asarray(called(images), dtype=np.float32)

    def derivative(pairs: np.ndarray) -> np.ndarray:
        try:
            images, directions = (tf.constant(pairs[:, each], taken.dtype) for each in (0, 1))
            with tf.autodiff.ForwardAccumulator(images, directions) as accumulator:
                scores = called(images)
            found = accumulator.jvp(scores)
        except (LookupError, ValueError, TypeError, tf.errors.OpError):
            found = None
        if found is None:
            raise InputError(f"{path} has operations without a derivative", "a smooth function")
        return np.asarray(found, dtype=np.float32)

    def batched(run_batch: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
        return in_batches(run_batch, images, fixed or BATCH, fixed=fixed is not None)

    # The graph stays alive as long as what was loaded.
    return Opened(
        framework="TensorFlow",
        outputs=lambda images, _kept=loaded: batched(run, images),
        order=found_order,
        derivative=lambda images, directions: batched(
            derivative, np.stack([images, directions], axis=1)
        ),
    )


def _loaded(path: Path) -> Any:  # noqa: ANN401 - as TensorFlow gives it
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
    _check_operations(path, saved)
    try:
        loaded: Any = tf.saved_model.load(str(path))
        _ = loaded.signatures[SIGNATURE]
    except Exception as error:  # of many kinds
        raise InputError(
            f"TensorFlow cannot read {path}: {(str(error).splitlines() or [''])[0]}",
            f"a SavedModel with the signature {SIGNATURE}",
        ) from error
    return loaded


def _check_operations(path: Path, saved: Any) -> None:  # noqa: ANN401 - a message of protobuf
    used = {
        node.op
        for each in saved.meta_graphs
        for nodes in (
            each.graph_def.node,
            *(function.node_def for function in each.graph_def.library.function),
        )
        for node in nodes
        if _REFUSED.fullmatch(node.op)
    }
    if used:
        raise InputError(
            f"{path} has operations that touch files or run code: {', '.join(sorted(used))}",
            "a graph that computes alone",
        )
