"""Single measurements of training's cost, each in a process of its own; prints JSON.

python -m benchmarks.cost_measurements speed KERNEL_SIZE
python -m benchmarks.cost_measurements profile KERNEL_SIZE
python -m benchmarks.cost_measurements train KERNEL_SIZE IMAGES EPOCHS SEEDS
python -m benchmarks.cost_measurements measure EXPERIMENT MEASURE KERNEL_SIZE
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias import data
from convbias.data.variants import vary
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.measures.base import Subject
from convbias.networks import models
from convbias.networks.engine import Engine, State
from convbias.networks.training import train
from convbias.runs.cost import matrix_product_rate
from convbias.runs.environment import peak_memory_bytes
from convbias.runs.measure_networks import take
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.recipes import classic

BATCH = 128
EPOCHS = 5
SECONDS_PER_EPOCH = 2.0
LAYER = re.compile(r"(transpose\()?jvp\((\w+)\)")


def speed(kernel_size: int) -> dict[str, float]:
    """Images per second, compilation and memory of one network."""
    model, dataset = _model(kernel_size), data.load(data.resolve("auto")[0])
    gigaflops = [matrix_product_rate() / 1e9]
    # Two engines: the first says how many steps take the time, and pays for what loads only once.
    trial = _Loop(model, dataset, steps=4)
    steps = max(4, round(SECONDS_PER_EPOCH / (trial.epoch() / 4)))
    loop = _Loop(model, dataset, steps)
    seconds = [loop.epoch() for _ in range(EPOCHS)]
    gigaflops.append(matrix_product_rate() / 1e9)
    return {
        "kernel_size": kernel_size,
        "images_per_second": loop.steps * BATCH / median(seconds),
        "gigaflops": median(gigaflops),
        "compile_seconds": loop.compile_seconds,
        "peak_memory_bytes": peak_memory_bytes(),
        "multiply_adds": training_multiply_adds(loop.network),
    }


def profile(kernel_size: int) -> dict[str, object]:
    """Where the time of a step goes, by layer and direction."""
    dataset = data.load(data.resolve("auto")[0])
    loop = _Loop(_model(kernel_size), dataset, steps=200 if not kernel_size else 20)
    loop.epoch()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            seconds = loop.epoch()
        [trace] = Path(folder).rglob("*.xplane.pb")
        events = jax.profiler.ProfileData.from_file(str(trace))
        parts = _by_layer(events, loop.instructions(), loop.steps)
    return {
        "kernel_size": kernel_size,
        "step_milliseconds": 1e3 * seconds / loop.steps,
        "parts": dict(sorted(parts.items(), key=lambda part: -part[1])),
    }


def training(kernel_size: int, images: int, epochs: int, seeds: int) -> float:
    """Seconds of a whole call of `train`, without loading the data."""
    name = data.resolve("auto")[0]
    dataset = data.load(name)
    variant = DataVariant(dataset=name, training_images=images)
    arm = Arm(data=variant, model=_model(kernel_size), recipe=classic(epochs))
    started = time.perf_counter()
    for _ in train(arm, range(seeds), dataset):
        pass
    return time.perf_counter() - started


def measuring(experiment: str, measure: str, kernel_size: str) -> dict[str, object]:
    """Seconds of one measure on a network of an experiment that it belongs to."""
    study = load_study("quick").of_experiment(experiment)
    model = _model(int(kernel_size))
    source = data.load(study.dataset)
    arms = study.arms(EXPERIMENTS[experiment]).values()
    arm = next(arm for arm in arms if arm.model == model)
    dataset = vary(source, arm.data)
    network = models.build(model, seed=0, side=dataset.side)
    subject = Subject(network=network, arm=arm, seed=0, source=source, dataset=dataset)
    gigaflops = [matrix_product_rate() / 1e9]
    started = time.perf_counter()
    take(measure, subject)
    seconds = time.perf_counter() - started
    gigaflops.append(matrix_product_rate() / 1e9)
    return {
        "measure": measure,
        "network": "cnn" if int(kernel_size) else "dense",
        "seconds": seconds,
        "gigaflops": median(gigaflops),
    }


def training_multiply_adds(network: keras.Model) -> int:
    """Multiply-adds of a training step per image, with convolution computed directly.

    Forward, and the gradients of the weights and of the inputs, which take as many each; the first
    layer's inputs need none.
    """
    total, first = 0, True
    for layer in network.layers:
        weights = layer.trainable_weights
        if not weights:
            continue
        kernel = weights[0].shape
        pixels = layer.output.shape[1] * layer.output.shape[2] if len(kernel) == 4 else 1
        total += int(np.prod(kernel)) * pixels * (2 if first else 3)
        first = False
    return total


class _Loop:
    """Epochs of so many batches, over and over."""

    def __init__(self, model: Model, dataset: data.Dataset, steps: int) -> None:
        self.steps = min(steps, len(dataset.train_images) // BATCH)
        self.network = models.build(model, seed=0)
        self._engine = Engine(models.Architecture(model), classic(epochs=1), self.steps * BATCH)
        self._images = jnp.asarray(dataset.train_images)
        self._labels = jnp.asarray(dataset.train_labels, dtype=jnp.int32)
        self._state: State = self._engine.initial_state([self.network])
        self._orders = np.random.default_rng(0)
        self.compile_seconds = self._engine.compile(self._state, self._images, self._labels)
        self.epoch()

    def epoch(self) -> float:
        """Seconds of one epoch."""
        order = self._orders.permutation(len(self._images))[: self.steps * BATCH]
        started = time.perf_counter()
        self._state, _, _ = self._engine.epoch(self._state, self._images, self._labels, order[None])
        return time.perf_counter() - started

    def instructions(self) -> dict[str, str]:
        """Compiled instruction to the name of the operation that it came from."""
        text = self._engine.compiled_text()
        found = re.findall(r'%?([\w.-]+) = [^\n]*metadata=\{op_name="([^"]*)"', text)
        return dict(found)


def _by_layer(
    events: Any,  # noqa: ANN401 - jax.profiler.ProfileData, which is not annotated
    instructions: dict[str, str],
    steps: int,
) -> dict[str, float]:
    """Milliseconds per step of every layer, forward and backward."""
    parts: defaultdict[str, float] = defaultdict(float)
    for plane in events.planes:
        for line in plane.lines:
            for event in line.events:
                origin = instructions.get(event.name)
                if origin is not None and not event.name.startswith("while"):
                    parts[_part(origin)] += event.duration_ns / steps / 1e6
    return dict(parts)


def _part(origin: str) -> str:
    layer = LAYER.search(origin)
    if layer:
        return f"{layer.group(2)}, {'backward' if layer.group(1) else 'forward'}"
    return "optimiser" if "/adam/" in origin else "batch, loss and the rest"


def _model(kernel_size: int) -> Model:
    return Convolutional(kernel_size=kernel_size) if kernel_size else Dense()


if __name__ == "__main__":
    kind, *values = sys.argv[1:]
    if kind == "measure":
        print(json.dumps(measuring(*values)))
    else:
        measurement = {"speed": speed, "profile": profile, "train": training}[kind]
        print(json.dumps(measurement(*map(int, values))))
