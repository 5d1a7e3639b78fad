"""How long training takes until the CNN with 3x3 kernels is as good as the original study's.

The project's engine and a plain PyTorch loop with the same recipe train in turn, round by round, to
the end of the recipe's schedule; beside them stock Keras on TensorFlow for two epochs, which say
how long an epoch takes. How many epochs stock Keras needs is found once, in a long training. Takes
about an hour on a quiet machine. Writes docs/time-to-accuracy.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contender import CONVBIAS, KERAS, MODES, MODULES, PYTORCH, Lap
from benchmarks.harness import Benchmark, Plan, Record, met, ratios, save_arrays, spread, table
from benchmarks.processes import CORES, keep_to_cores, rival_versions, run

from convbias import data
from convbias.spec.arms import Convolutional
from convbias.spec.recipes import tuned
from convbias.statistics import mean_interval

TARGET_ACCURACY = 0.904  # the original study's CNN
EPOCHS = 7  # five were too few; six were not tried
KERAS_EPOCHS = 60
SHORT_EPOCHS = 2  # of stock Keras in a round


def accuracies(record: Record, contender: str) -> list[float]:
    """Final test accuracy of every seed that a contender trained."""
    trials = record.values("laps", contender=contender)
    return [laps[-1]["test_accuracy"] for trial in trials for laps in trial]


def seconds(record: Record, contender: str, mode: str) -> list[float]:
    """Seconds per network, round by round; with one per core, the slowest one's share."""
    trials = record.values("laps", contender=contender, mode=mode)
    return [max(laps[-1]["seconds"] for laps in trial) / len(trial) for trial in trials]


def keras_laps(record: Record) -> list[Lap]:
    """The epochs of stock Keras' long training."""
    [[laps]] = record.values("laps", contender=KERAS, epochs=record.conditions["keras_epochs"])
    return laps


def keras_epochs(record: Record) -> int | None:
    """After how many epochs stock Keras first reached the accuracy; None if it never did."""
    accuracies = [lap["test_accuracy"] for lap in keras_laps(record)]
    reached = [epoch for epoch, each in enumerate(accuracies, 1) if each >= TARGET_ACCURACY]
    return reached[0] if reached else None


def keras_seconds(record: Record, epochs: int) -> list[float]:
    """How long stock Keras needs for so many epochs, round by round."""
    return [
        first["seconds"] + (epochs - 1) * (second["seconds"] - first["seconds"])
        for [[first, second]] in record.values("laps", contender=KERAS, epochs=SHORT_EPOCHS)
    ]


def blocks(record: Record) -> dict[str, str]:
    """The parts of docs/time-to-accuracy.md that depend on the record."""
    machine, conditions, recipe = record.environment, record.conditions, record.conditions["recipe"]
    used = machine.versions | conditions["versions"]
    libraries = ", ".join(f"{name} {used[name]}" for name in ("jax", "torch", "tensorflow-cpu"))
    rounds = len(seconds(record, CONVBIAS, "one_training"))
    return {
        "conditions": (
            f"{machine.processor}, {conditions['cores']} cores, {libraries};"
            f" {conditions['dataset']}, {rounds} rounds. The recipe shared by the project's engine"
            f" and the PyTorch loop: {recipe['optimiser'].capitalize()}, learning rate"
            f" {recipe['learning_rate']:g} at its peak, batches of {recipe['batch_size']},"
            f" {recipe['epochs']} epochs."
        ),
        "results": "\n\n".join([_accuracies(record), _times(record), _ratios(record)]),
    }


def _accuracies(record: Record) -> str:
    rows = []
    for contender in (CONVBIAS, PYTORCH):
        values = accuracies(record, contender)
        interval, mean = mean_interval(values), sum(values) / len(values)
        ends = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}" if interval else ""
        rows.append(
            f"{contender} | {record.conditions['recipe']['epochs']} | {len(values)} |"
            f" {100 * mean:.2f} | {ends} | {'yes' if mean >= TARGET_ACCURACY else 'no'}"
        )
    laps, epochs = keras_laps(record), keras_epochs(record)
    best = max(laps, key=lambda lap: lap["test_accuracy"])
    rows.append(
        f"{KERAS} | {len(laps)} | 1 | {100 * laps[-1]['test_accuracy']:.2f}, best"
        f" {100 * best['test_accuracy']:.2f} after {best['epoch']} |  |"
        f" {f'after {epochs}' if epochs else 'no'}"
    )
    head = "contender | epochs | seeds | mean test accuracy (%) | 95 % interval | reached"
    return table(head, rows)


def _times(record: Record) -> str:
    rows = [
        f"{contender} | {name} | {spread(seconds(record, contender, mode), 1)}"
        for contender in (CONVBIAS, PYTORCH)
        for mode, name in MODES.items()
    ]
    epochs = keras_epochs(record) or len(keras_laps(record))
    more = "" if keras_epochs(record) else "more than "
    time = spread(keras_seconds(record, epochs), 1)
    rows.append(f"{KERAS} | {MODES['one_training']} | {more}{time} for {epochs} epochs")
    return table("contender | trainings | seconds per network, median (range over rounds)", rows)


def _ratios(record: Record) -> str:
    epochs, rows = keras_epochs(record), []
    for rival, target, our_mode, their_mode in (
        (PYTORCH, 2, "one_training", "one_training"),
        (PYTORCH, 2, "one_per_core", "one_training"),
        (PYTORCH, 2, "one_per_core", "one_per_core"),
        (KERAS, 5, "one_training", "one_training"),
        (KERAS, 5, "one_per_core", "one_training"),
    ):
        theirs, bound = seconds(record, rival, their_mode), ""
        if rival == KERAS:
            theirs = keras_seconds(record, epochs or len(keras_laps(record)))
            bound = "" if epochs else "at least "
        values = ratios(theirs, seconds(record, CONVBIAS, our_mode))
        rows.append(
            f"{rival} | {MODES[our_mode]} against {MODES[their_mode]} | {bound}{spread(values)} |"
            f" {target}: {met(median(values) >= target)}"
        )
    title = "The rival's seconds divided by convbias', round by round, median (range):"
    return f"{title}\n\n{table('rival | trainings | ratio | target', rows)}"


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    keep_to_cores()
    recipe = tuned(2 if options.quick else EPOCHS, Convolutional(kernel_size=3))
    return {
        "dataset": data.resolve("auto")[0],
        "recipe": recipe.model_dump(mode="json"),
        "keras_epochs": 3 if options.quick else KERAS_EPOCHS,
        "cores": CORES,
        "versions": rival_versions(),
    }


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:
    dataset, epochs = data.load(conditions["dataset"]), conditions["recipe"]["epochs"]

    def planned(contender: str, mode: str, count: int, *seeds: int) -> tuple[dict, partial]:
        keys = {"contender": contender, "mode": mode, "epochs": count, "seeds": list(seeds)}
        return keys, partial(_train, options.quick, conditions["recipe"], dataset, keys)

    for number in range(1 if options.quick else 2):
        first, *others = range((CORES + 1) * number, (CORES + 1) * (number + 1))
        yield planned(CONVBIAS, "one_training", epochs, first)
        yield planned(PYTORCH, "one_training", epochs, first)
        yield planned(KERAS, "one_training", SHORT_EPOCHS, number)
        yield planned(CONVBIAS, "one_per_core", epochs, *others)
        yield planned(PYTORCH, "one_per_core", epochs, *others)
    yield planned(KERAS, "one_training", conditions["keras_epochs"], 0)


def _train(
    quick: bool, recipe: dict[str, Any], dataset: data.Dataset, keys: dict[str, Any]
) -> dict[str, list[list[Lap]]]:
    """Let a contender train with all seeds at once."""
    threads = CORES if keys["mode"] == "one_training" else 1
    patience = 0.0 if quick else 15.0
    with tempfile.TemporaryDirectory() as folder:
        tasks = []
        for seed in keys["seeds"]:
            training = data.split(dataset.train_labels, seed)[0][: 1_280 if quick else None]
            arrays = Path(folder) / f"{seed}.npz"
            save_arrays(arrays, dataset, training)
            task = {"arrays": arrays, "recipe": recipe, "seed": seed, "epochs": keys["epochs"]}
            tasks.append(task)
        module = MODULES[keys["contender"]]
        return {"laps": run(module, "to_accuracy", *tasks, threads=threads, patience=patience)}


BENCHMARK = Benchmark(
    "time_to_accuracy", __doc__, "docs/time-to-accuracy.md", _conditions, _plan, blocks
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
