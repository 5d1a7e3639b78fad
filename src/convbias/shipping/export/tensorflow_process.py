"""The part of an export that needs TensorFlow, as a process: Keras has one backend per process.

It writes the exported files, then loads the SavedModel from disk and runs it on images:

    python -m convbias.shipping.export.tensorflow_process NETWORK.keras FOLDER IMAGES PROBABILITIES
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from convbias.runs.imports import NEEDED_BY_OTHERS, Refused

# ruff: noqa: E402 - what follows acts on the imports below it
# The package has decided for JAX, but this process is there for TensorFlow, which would import
# other packages for conversions that are not made here.
os.environ["KERAS_BACKEND"] = "tensorflow"
sys.meta_path.insert(0, Refused(NEEDED_BY_OTHERS | {"jax", "torch"}))

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

SIGNATURE = "serving_default"
OPSET = 17  # supported by onnxruntime since 1.12 (2022)
MAPS = ("conv_1", "conv_2")


def build(network_file: Path, folder: Path) -> None:
    """Write `1/`, `model.onnx` and, for a CNN, `model-maps.onnx`.

    Args:
        network_file: .keras file with stock layers and input float32 (n, side, side, channels).
        folder: receives the files.
    """
    network: Any = keras.saving.load_model(network_file, compile=False)
    images = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name="images")

    probabilities = _fast_for_onnx(network)

    def predict_batch(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": probabilities(images)}

    module: Any = tf.Module()
    module.network = network  # makes TensorFlow save its variables
    function = tf.function(predict_batch, input_signature=[images])
    tf.saved_model.save(module, folder / "1", signatures={SIGNATURE: function})
    _write_onnx(function, images, folder / "model.onnx")
    names = [layer.name for layer in network.layers if layer.name in MAPS]
    if names:
        outputs = {name: network.get_layer(name).output for name in names}
        with_outputs = keras.Model(
            network.inputs[0], outputs | {"probabilities": network.outputs[0]}
        )

        def predict_with_maps(images: tf.Tensor) -> Mapping[str, tf.Tensor]:
            return with_outputs(images, training=False)

        with_maps = tf.function(predict_with_maps, input_signature=[images])
        _write_onnx(with_maps, images, folder / "model-maps.onnx")


def _fast_for_onnx(network: Any) -> Callable[[tf.Tensor], tf.Tensor]:  # noqa: ANN401
    """The network's probabilities, from a graph that onnxruntime runs fast."""
    first, *others = network.layers
    if not isinstance(first, keras.layers.Rescaling):
        return partial(network, training=False)
    remaining = keras.Sequential(others)

    def probabilities(images: tf.Tensor) -> tf.Tensor:
        # onnxruntime vectorises along the last axis. If that is the channel axis of length one,
        # rescaling takes a sixth of the time for one image.
        scaled = first(tf.squeeze(images, -1))
        return remaining(tf.expand_dims(scaled, -1), training=False)

    return probabilities


def _write_onnx(function: Any, images: tf.TensorSpec, path: Path) -> None:  # noqa: ANN401
    tf2onnx.convert.from_function(function, [images], opset=OPSET, output_path=str(path))


def predict(folder: Path, images_file: Path, probabilities_file: Path) -> None:
    """Run the SavedModel's signature.

    Args:
        folder: parent folder of `1/`.
        images_file: .npy file with float32 (n, side, side, channels).
        probabilities_file: receives float32 (n, classes).
    """
    loaded = tf.saved_model.load(folder / "1")
    images = tf.constant(np.load(images_file))
    np.save(probabilities_file, loaded.signatures[SIGNATURE](images=images)["probabilities"])


if __name__ == "__main__":
    network_file, folder, images_file, probabilities_file = map(Path, sys.argv[1:])
    build(network_file, folder)
    predict(folder, images_file, probabilities_file)
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    print(json.dumps(versions | {"tf2onnx": tf2onnx.__version__}))
