"""Contender: Keras on TensorFlow with stock layers and `fit`, as its users train."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from typing import Any

import keras
import numpy as np
from benchmarks.contender import BATCH_SIZE, LEARNING_RATE, Lap, LapTimer, Stopwatch, answer
from keras import layers


def build(
    kernel_size: int,
    rate: Any = LEARNING_RATE,  # noqa: ANN401 - a number or a schedule
    shape: tuple[int, ...] = (28, 28, 1),
) -> keras.Sequential:
    """The CNN with kernels of this size, or the dense network for 0, compiled with Adam."""

    def dense(units: int, dropout: float) -> list[keras.Layer]:
        return [layers.Dense(units, activation="relu"), layers.Dropout(dropout)]

    def convolution(filters: int) -> list[keras.Layer]:
        layer = layers.Conv2D(filters, kernel_size, padding="same", activation="relu")
        return [layer, layers.MaxPooling2D(2)]

    hidden = [layers.Flatten(), *dense(128, 0.2), *dense(64, 0.2)]
    if kernel_size:
        hidden = [*convolution(32), *convolution(64), layers.GlobalAveragePooling2D()]
        hidden += dense(128, 0.3)
    output = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape), *hidden, output])
    optimiser, loss = keras.optimizers.Adam(rate), "sparse_categorical_crossentropy"
    model.compile(optimizer=optimiser, loss=loss, metrics=["accuracy"])
    return model


def throughput(arrays: str, kernel_size: int, seconds: float, **_more: object) -> dict[str, float]:
    """Fit float32 arrays in memory until the time is over."""
    stopwatch = Stopwatch(seconds)
    with np.load(arrays) as task:
        images, labels = task["images"].astype(np.float32) / 255, task["labels"]
    model = build(kernel_size, shape=images.shape[1:])
    model.fit(images[:BATCH_SIZE], labels[:BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
    stopwatch.started()

    def stop_when_over(_epoch: int, _logs: dict) -> None:
        model.stop_training = not stopwatch.epoch_done(len(images))

    # It has no hook per batch, which would slow `fit` down.
    callback = keras.callbacks.LambdaCallback(on_epoch_end=stop_when_over)
    many = 1_000_000
    model.fit(images, labels, batch_size=BATCH_SIZE, epochs=many, verbose=0, callbacks=[callback])
    return stopwatch.measurement()


def to_accuracy(arrays: str, seed: int, epochs: int, **_more: object) -> list[Lap]:
    """Fit the 3x3 CNN with Adam's defaults, and score the test images after every epoch."""
    with np.load(arrays) as stored:
        task = dict(stored)
    keras.utils.set_random_seed(seed)
    images, test_images = (
        task[name].astype(np.float32) / 255 for name in ("images", "test_images")
    )
    labels, test_labels = task["labels"], task["test_labels"]
    timer = LapTimer()
    model = build(3)

    def score(_epoch: int, _logs: dict) -> None:
        with timer.paused():
            timer.record(model.evaluate(test_images, test_labels, verbose=0)[1])

    callback = keras.callbacks.LambdaCallback(on_epoch_end=score)
    model.fit(images, labels, batch_size=BATCH_SIZE, epochs=epochs, verbose=0, callbacks=[callback])
    return timer.laps


def final_accuracy(arrays: str, kernel_size: int, recipe: dict[str, Any]) -> float:
    """Test accuracy after training from given weights with Adam, on images in a given order."""
    with np.load(arrays) as stored:
        task = dict(stored)
    mean, deviation = task["standardise"]
    batch_size = recipe["batch_size"]
    steps = recipe["epochs"] * -(-task["orders"].shape[1] // batch_size)
    warmup = round(recipe["warmup_fraction"] * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=recipe["learning_rate"], warmup_steps=warmup
    )
    model = build(kernel_size, rate)
    model.set_weights([task[f"weight_{i}"] for i in range(len(model.weights))])

    def pixels(images: np.ndarray) -> np.ndarray:
        return ((images.astype(np.float32) / 255 - mean) / deviation).astype(np.float32)

    images, labels = pixels(task["images"]), task["labels"]
    for order in task["orders"]:
        model.fit(images[order], labels[order], batch_size=batch_size, shuffle=False, verbose=0)
    return model.evaluate(pixels(task["test_images"]), task["test_labels"], verbose=0)[1]


if __name__ == "__main__":
    answer(throughput, to_accuracy, final_accuracy)
