"""How long one image takes in this process.

python -m benchmarks.one_image RUNTIME FOLDER IMAGE

RUNTIME is `onnxruntime` for FOLDER's model.onnx, or `tensorflow` for the signature of its 1/; IMAGE
is a .npy file with float32 (1, 28, 28, 1). Prints the median of the milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

WARMING = 200
TIMED = 2_000


def _onnxruntime(folder: Path) -> Callable[[np.ndarray], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as inference.py has it
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def _tensorflow(folder: Path) -> Callable[[np.ndarray], object]:
    import tensorflow as tf

    loaded = tf.saved_model.load(folder / "1")
    signature = loaded.signatures["serving_default"]
    return lambda images: signature(images=tf.constant(images))["probabilities"].numpy()


def main() -> None:
    """The command."""
    runtime, folder, image = sys.argv[1:]
    ask = {"onnxruntime": _onnxruntime, "tensorflow": _tensorflow}[runtime](Path(folder))
    images = np.load(image)
    seconds = []
    for _ in range(WARMING + TIMED):
        began = time.perf_counter()
        ask(images)
        seconds.append(time.perf_counter() - began)
    print(1e3 * median(seconds[WARMING:]))


if __name__ == "__main__":
    main()
