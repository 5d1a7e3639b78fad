"""Contender: Keras on TensorFlow with stock layers and `fit`, as its users train."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from benchmarks.contender import BATCH_SIZE, LEARNING_RATE, Stopwatch, Task, read_task
from keras import layers


def build(kernel_size: int | None) -> keras.Sequential:
    """The dense network, or the CNN with kernels of this size."""
    if kernel_size is None:
        hidden = [
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
        ]
    else:
        hidden = [
            layers.Conv2D(32, kernel_size, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, kernel_size, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
        ]
    ends = keras.Input((28, 28, 1)), layers.Dense(10, activation="softmax")
    return keras.Sequential([ends[0], *hidden, ends[1]])


class EndOfEpoch(keras.callbacks.Callback):
    """Tells the stopwatch; it has no hook per batch, for that would slow `fit` down."""

    def __init__(self, stopwatch: Stopwatch, images: int) -> None:
        super().__init__()
        self.stopwatch, self.images = stopwatch, images

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Stop `fit` when the time is over."""
        self.model.stop_training = not self.stopwatch.epoch_done(self.images)


def main(task: Task) -> None:
    """Fit arrays in memory until the time is over."""
    stopwatch = Stopwatch(task)
    with np.load(task.images) as arrays:
        images, labels = arrays["images"].astype(np.float32) / 255, arrays["labels"]
    model = build(task.kernel_size)
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(images[:BATCH_SIZE], labels[:BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
    stopwatch.started()
    model.fit(
        images,
        labels,
        batch_size=BATCH_SIZE,
        epochs=1_000_000,
        verbose=0,
        callbacks=[EndOfEpoch(stopwatch, len(images))],
    )
    stopwatch.report()


if __name__ == "__main__":
    main(read_task())
