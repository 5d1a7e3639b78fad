"""Single measurements of what training and measuring cost, for benchmarks/cost.py."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from statistics import median

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from benchmarks.contender import answer
from benchmarks.engine import network

from convbias import data
from convbias.data.variants import vary
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.measures.base import Subject
from convbias.networks import models, training
from convbias.runs.cost import SECONDS, SIDE
from convbias.runs.measure_networks import take
from convbias.spec.arms import Arm, DataVariant
from convbias.spec.datasets import FASHION_MNIST
from convbias.spec.recipes import classic


def train(images: int, epochs: int, seeds: int) -> dict[str, float]:
    """Seconds of a whole call of `training.train` with the 3x3 CNN, without loading the data."""
    name = data.resolve("auto")[0]
    dataset = data.load(name)
    variant = DataVariant(dataset=name, training_images=images)
    arm = Arm(data=variant, model=network(3), recipe=classic(epochs))
    started = time.perf_counter()
    for _ in training.train(arm, range(seeds), dataset):
        pass
    return {"seconds": time.perf_counter() - started}


def measure(experiment: str, name: str, kernel_size: int) -> dict[str, float]:
    """Processor seconds of one measure on an untrained network of an experiment that takes it."""
    study = load_study("quick").of_experiment(experiment)
    model = network(kernel_size)
    source = data.load(study.dataset)
    arms = study.arms(EXPERIMENTS[experiment]).values()
    arm = next(arm for arm in arms if isinstance(arm, Arm) and arm.model == model)
    dataset = vary(source, arm.data)
    built = models.build(model, seed=0, dimensions=replace(FASHION_MNIST, side=dataset.side))
    subject = Subject(network=built, arm=arm, seed=0, source=source, dataset=dataset)
    gigaflops = [_gigaflops()]
    started = time.process_time()
    take(name, subject)
    seconds = time.process_time() - started
    gigaflops.append(_gigaflops())
    return {"seconds": seconds, "gigaflops": median(gigaflops)}


def _gigaflops() -> float:
    """GFLOP of a matrix product per second of this process, however busy the machine is."""
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), dtype=np.float32)
    out = np.matmul(left, right)
    started, count = time.process_time(), 0
    while time.process_time() - started < SECONDS:
        np.matmul(left, right, out=out)
        count += 1
    return 2 * SIDE**3 * count / (time.process_time() - started) / 1e9


def multiply_adds(kernel_size: int) -> int:
    """Multiply-adds of a training step per image, with convolution computed directly.

    Forward, and the gradients of the weights and of the inputs, which take as many each; the first
    layer's inputs need none.
    """
    total, factor = 0, 2
    built: keras.Model = models.build(network(kernel_size), seed=0)
    for layer in built.layers:
        if layer.trainable_weights:
            kernel = layer.trainable_weights[0].shape
            pixels = layer.output.shape[1] * layer.output.shape[2] if len(kernel) == 4 else 1
            total += int(np.prod(kernel)) * pixels * factor
            factor = 3
    return total


if __name__ == "__main__":
    answer(train, measure)
