"""Train stock Keras on TensorFlow as its users do, and score the test images after every epoch."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import sys
from pathlib import Path

import keras
import numpy as np
from benchmarks.contender import LapTimer
from benchmarks.rivals.keras_tensorflow import build


class Score(keras.callbacks.Callback):
    """Stops the clock after every epoch while the test images are scored."""

    def __init__(self, timer: LapTimer, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__()
        self.timer, self.images, self.labels = timer, images, labels

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Report the epoch."""
        with self.timer.paused():
            _, accuracy = self.model.evaluate(self.images, self.labels, verbose=0)
            self.timer.report(epoch + 1, accuracy)


def main(task: Path) -> None:
    """Fit on all training images with Adam's defaults, batches of 128, pixels in [0, 1]."""
    with np.load(task) as stored:
        arrays = dict(stored)
    keras.utils.set_random_seed(int(arrays["seed"]))
    images, test_images = (
        arrays[name].astype(np.float32) / 255 for name in ("images", "test_images")
    )
    timer = LapTimer()
    model = build(3)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        images,
        arrays["labels"],
        batch_size=128,
        epochs=int(arrays["epochs"]),
        verbose=0,
        callbacks=[Score(timer, test_images, arrays["test_labels"])],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
