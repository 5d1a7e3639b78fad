"""Train the project's engine by a recipe, and score the test images after every epoch."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from benchmarks.contender import LapTimer

from convbias.networks.engine import Engine
from convbias.networks.models import Architecture
from convbias.spec.arms import Convolutional, Recipe


def main(task: Path) -> None:
    """Train the 3x3 CNN on all images of the task."""
    with np.load(task) as stored:
        arrays = dict(stored)
    recipe = Recipe.model_validate_json(str(arrays["recipe"]))
    seed, (mean, deviation) = int(arrays["seed"]), arrays["standardise"]
    test_images = jnp.asarray(arrays["test_images"])
    test_labels = jnp.asarray(arrays["test_labels"], dtype=jnp.int32)
    test = np.arange(len(test_labels))[None]
    architecture = Architecture(Convolutional(kernel_size=3), (float(mean), float(deviation)))
    timer = LapTimer()
    engine = Engine(architecture, recipe, len(arrays["images"]))
    state = engine.initial_state([architecture.build(seed)])
    images = jnp.asarray(arrays["images"])
    labels = jnp.asarray(arrays["labels"], dtype=jnp.int32)
    order = np.random.default_rng(seed)
    for epoch in range(recipe.epochs):
        state, _, _ = engine.epoch(state, images, labels, order.permutation(len(images))[None])
        with timer.paused():
            [predictions] = engine.predict(state, test_images, test_labels, test)
            timer.report(epoch + 1, float(predictions.correct.mean()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
