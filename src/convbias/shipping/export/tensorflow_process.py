"""What needs TensorFlow, run as a process of its own, because Keras has one backend per process.

python -m convbias.shipping.export.tensorflow_process build NETWORK.keras FOLDER
python -m convbias.shipping.export.tensorflow_process predict FOLDER IMAGES.npy PROBABILITIES.npy
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

SIGNATURE = "serving_default"
OPSET = 17  # understood by every onnxruntime of the last years
MAPS = ("conv_1", "conv_2")


def build(network_file: Path, folder: Path) -> None:
    """Write `1/`, `model.onnx` and, of a CNN, `model-maps.onnx`.

    Args:
        network_file: A .keras file of stock layers that takes float32 (n, 28, 28, 1).
        folder: Where they go.
    """
    network: Any = keras.saving.load_model(network_file, compile=False)
    images = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name="images")

    probabilities = _answering(network)

    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": probabilities(images)}

    module: Any = tf.Module()
    module.network = network  # so that its variables are saved
    function = tf.function(answer, input_signature=[images])
    tf.saved_model.save(module, folder / "1", signatures={SIGNATURE: function})
    _write_onnx(function, images, folder / "model.onnx")
    names = [layer.name for layer in network.layers if layer.name in MAPS]
    if names:
        outputs = {name: network.get_layer(name).output for name in names}
        inside = keras.Model(network.inputs[0], outputs | {"probabilities": network.outputs[0]})

        def answer_with_maps(images: tf.Tensor) -> Mapping[str, tf.Tensor]:
            return inside(images, training=False)

        with_maps = tf.function(answer_with_maps, input_signature=[images])
        _write_onnx(with_maps, images, folder / "model-maps.onnx")
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    print(json.dumps(versions | {"tf2onnx": tf2onnx.__version__}))


def _answering(network: Any) -> Callable[[tf.Tensor], tf.Tensor]:  # noqa: ANN401
    """The network's probabilities, by way of a graph that onnxruntime is quick with."""
    first, *others = network.layers
    if not isinstance(first, keras.layers.Rescaling):
        return partial(network, training=False)
    behind = keras.Sequential(others)

    def probabilities(images: tf.Tensor) -> tf.Tensor:
        # onnxruntime multiplies along the last axis. Where that holds the one channel, each number
        # is a loop of its own, which takes a sixth of all the time for one image.
        scaled = first(tf.squeeze(images, -1))
        return behind(tf.expand_dims(scaled, -1), training=False)

    return probabilities


def _write_onnx(function: Any, images: tf.TensorSpec, path: Path) -> None:  # noqa: ANN401
    tf2onnx.convert.from_function(function, [images], opset=OPSET, output_path=str(path))


def predict(folder: Path, images_file: Path, probabilities_file: Path) -> None:
    """Ask the SavedModel through its signature.

    Args:
        folder: That holds `1/`.
        images_file: float32 (n, 28, 28, 1).
        probabilities_file: Receives float32 (n, 10).
    """
    loaded = tf.saved_model.load(folder / "1")
    images = tf.constant(np.load(images_file))
    np.save(probabilities_file, loaded.signatures[SIGNATURE](images=images)["probabilities"])


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"build": build, "predict": predict}[command](*map(Path, paths))
