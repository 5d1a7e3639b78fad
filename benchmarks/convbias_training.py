"""Contender: the project's own engine, with the same optimiser settings as the rivals."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax.numpy as jnp
import numpy as np
from benchmarks.contender import Stopwatch, Task, read_task

from convbias import data
from convbias.networks import models
from convbias.networks.engine import engine
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetName
from convbias.spec.recipes import classic


def main(task: Task, dataset_name: DatasetName) -> None:
    """Train as the package does: checked data on the device, whole epochs compiled."""
    stopwatch = Stopwatch(task)
    model = Convolutional(kernel_size=task.kernel_size) if task.kernel_size else Dense()
    dataset = data.load(dataset_name)
    trainer = engine(models.Architecture(model), classic(epochs=1), task.epoch_images)
    state = trainer.initial_state([models.build(model, seed=0)])
    images = jnp.asarray(dataset.train_images)
    labels = jnp.asarray(dataset.train_labels, dtype=jnp.int32)
    stopwatch.started(trainer.compile(state, images, labels))

    orders = np.random.default_rng(0)
    training = True
    while training:
        order = orders.permutation(len(images))[: task.epoch_images]
        state, _, _ = trainer.epoch(state, images, labels, order[None])
        training = stopwatch.epoch_done(task.epoch_images)
    # A training process also predicts; the memory for that counts.
    trainer.predict(state, images, labels, np.arange(len(dataset.test_labels))[None])
    stopwatch.report()


if __name__ == "__main__":
    read = read_task()
    main(read, data.resolve(read.dataset)[0])
