"""Train stock Keras on TensorFlow with given weights, batches and recipe; prints its accuracy."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import json
import sys

import keras
import numpy as np
from benchmarks.rivals.keras_tensorflow import build


def main(task: str) -> None:
    """Fit epoch by epoch, each on the images in its given order."""
    with np.load(task) as stored:
        arrays = dict(stored)
    recipe = json.loads(str(arrays["recipe"]))
    mean, deviation = arrays["standardise"]
    orders = arrays["orders"]
    batch_size = recipe["batch_size"]
    steps = recipe["epochs"] * -(-orders.shape[1] // batch_size)
    warmup = round(recipe["warmup_fraction"] * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=recipe["learning_rate"], warmup_steps=warmup
    )
    model = build(int(arrays["kernel_size"]) or None)
    model.set_weights([arrays[f"weight_{i}"] for i in range(len(model.weights))])
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def pixels(images: np.ndarray) -> np.ndarray:
        return ((images.astype(np.float32) / 255 - mean) / deviation).astype(np.float32)

    images = pixels(arrays["images"])
    for order in orders:
        model.fit(
            images[order],
            arrays["labels"][order],
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
    _, accuracy = model.evaluate(pixels(arrays["test_images"]), arrays["test_labels"], verbose=0)
    print(json.dumps({"test_accuracy": accuracy}))


if __name__ == "__main__":
    main(sys.argv[1])
