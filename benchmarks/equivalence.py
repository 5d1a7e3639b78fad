"""Does the fast engine train as well as stock Keras? An equivalence test over seeds.

Trains the dense network and the 3x3 CNN, seed by seed, once with the project's engine and once with
`fit` of stock Keras layers on TensorFlow: from the same initial weights, on the same images in the
same order, with Keras' Adam. Takes about two hours. Writes docs/equivalence.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
import numpy as np
from benchmarks.contender import KERAS, MODULES
from benchmarks.harness import Benchmark, Plan, Record, save_arrays, table
from benchmarks.processes import CORES, rival_versions, run

from convbias import data
from convbias.errors import RunError
from convbias.networks import models
from convbias.networks.training import epoch_orders, split_of, train
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model, Recipe
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import paired_contrast

# The best of Adam's learning rates for each network, on validation images, and how many seeds.
NETWORKS: dict[Model, tuple[float, int]] = {
    Convolutional(kernel_size=3): (0.016, 12),
    Dense(): (0.008, 30),
}
EPOCHS = 3


def blocks(record: Record) -> dict[str, str]:
    """The results of docs/equivalence.md."""
    head = f"{record.conditions['epochs']} epochs of {record.conditions['dataset']}."
    sections = [_section(record, network) for network in record.kinds("network")]
    return {"results": "\n\n".join([head, *sections])}


def _section(record: Record, network: str) -> str:
    pairs = record.where(network=network)
    ours, theirs = ([pair[name] for pair in pairs] for name in ("convbias", "keras"))
    contrast = paired_contrast(ours, theirs, margin=TEST_ACCURACY.margin)
    interval = ""
    if contrast.interval:
        low, high = 100 * contrast.interval.low, 100 * contrast.interval.high
        interval = f" (95 % interval {low:+.3f} to {high:+.3f})"
    p_value = contrast.equivalence_p_value
    tost = "cannot be tested" if p_value is None else f"p = {p_value:.2g}"
    seeds = table(
        "seed | convbias (%) | stock Keras (%) | difference (points)",
        (
            f"{pair['seed']} | {100 * our:.2f} | {100 * their:.2f} | {100 * (our - their):+.2f}"
            for pair, our, their in zip(pairs, ours, theirs, strict=True)
        ),
    )
    return f"""## {network}

Mean difference in test accuracy over {contrast.n} seeds:
**{100 * contrast.difference:+.3f} percentage points**{interval}. Equivalence within
{100 * contrast.margin:g} points (two one-sided tests): {tost}. Verdict: **{contrast.verdict}**.

{seeds}"""


def _conditions(_options: argparse.Namespace) -> dict[str, Any]:
    dataset = data.resolve("auto")[0]
    return {"dataset": dataset, "epochs": EPOCHS, "versions": rival_versions()}


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:
    dataset = data.load(conditions["dataset"])
    images = 1_280 if options.quick else None
    for model, (rate, seeds) in NETWORKS.items():
        arm = Arm(
            data=DataVariant(dataset=conditions["dataset"], training_images=images),
            model=model,
            recipe=Recipe(
                name="adam",
                epochs=EPOCHS,
                learning_rate=rate,
                schedule="warmup-cosine",
                warmup_fraction=0.1,
                standardised=True,
            ),
        )
        for seed in range(2 if options.quick else seeds):
            keys = {"network": arm.name, "seed": seed}
            yield keys, partial(_pair, arm, seed, dataset)


def _pair(arm: Arm, seed: int, dataset: data.Dataset) -> dict[str, float]:
    """Test accuracies after training with stock Keras, in its own environment, and with ours."""
    network = models.Architecture.of(arm, dataset).build(seed)
    training, _ = split_of(arm, seed, dataset)
    orders = epoch_orders(training, seed, arm.recipe.images_per_epoch)
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "task.npz"
        everything = np.arange(len(dataset.train_images))
        weights = {f"weight_{i}": weight for i, weight in enumerate(network.get_weights())}
        weights["orders"] = np.stack([next(orders) for _ in range(EPOCHS)])
        save_arrays(arrays, dataset, everything, **weights)
        task = {
            "arrays": arrays,
            "kernel_size": arm.model.kernel_size if isinstance(arm.model, Convolutional) else 0,
            "recipe": arm.recipe.model_dump(mode="json"),
        }
        [theirs] = run(MODULES[KERAS], "final_accuracy", task, threads=CORES)
    [ours] = train(arm, [seed], dataset)
    if ours.test is None:
        raise RunError(f"seed {seed} diverged: {ours.reason}")
    return {"convbias": ours.test.accuracy, "keras": theirs}


BENCHMARK = Benchmark("equivalence", __doc__, "docs/equivalence.md", _conditions, _plan, blocks)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
