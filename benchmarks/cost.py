"""What training and measuring cost, and how the cost grows.

Every measurement is a process of its own with one thread (about ten minutes on a quiet machine).
Writes docs/cost.md, and for predictions the package's measure_cost.toml.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from benchmarks.contender import BATCH_SIZE, CONVBIAS, MODULES
from benchmarks.cost_measurements import multiply_adds
from benchmarks.harness import Benchmark, Plan, Record, table
from benchmarks.processes import run

from convbias import data
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import FIRST, load_study, training_order
from convbias.runs.cost import (
    ends_in_processes,
    process_start_seconds,
    run_costs,
    seconds_of_runs,
)
from convbias.spec.arms import Convolutional, Dense

KERNEL_SIZES = (0, 1, 3, 5, 7, 9, 11, 13)  # 0 is the dense network
ROUNDS = 3
# What grows, to which amounts; the others stay at their smallest.
GROWTH = {"images": (6_750, 13_500, 27_000), "epochs": (1, 2, 4), "seeds": (1, 2, 4)}
QUICK_GROWTH = {"images": (640, 1_280), "epochs": (1, 2)}
PROCESSES = (1, 2)


def blocks(record: Record) -> dict[str, str]:
    """The tables and lists of docs/cost.md."""
    machine = record.environment
    middles = [_middle(record, size, "gigaflops") for size in _sizes(record)]
    return {
        "conditions": (
            f"Measured on {machine.processor} with one thread per process, jax"
            f" {machine.versions['jax']}, float32, batches of {BATCH_SIZE}, at"
            f" {record.measurements[0]['code_version']}. A matrix product on the same core reached"
            f" {min(middles):.0f} to {max(middles):.0f} GFLOP/s."
        ),
        "networks": _networks(record),
        "first": _first(record),
        "growth": _growth(record),
        "measures": _measures(record),
    }


def measure_cost(record: Record) -> str:
    """The package's `measure_cost.toml`: how long measures take beside a matrix product."""
    lines = [
        "# Measuring one network on one core, written by `benchmarks/cost.py`: what a matrix",
        "# product would do in the time (GFLOP), by measure, for the dense network and the CNN.",
    ]
    for measure in record.kinds("measure"):
        lines += [f"\n[measure.{measure}]"]
        for each in record.where(measure=measure):
            lines.append(f"{each['network']} = {each['seconds'] * each['gigaflops']:.4g}")
    return "\n".join(lines) + "\n"


def _sizes(record: Record) -> list[int]:
    return list(dict.fromkeys(record.values("kernel_size", kind="speed")))


def _middle(record: Record, size: int, name: str) -> float:
    return median(record.values(name, kind="speed", kernel_size=size))


def _networks(record: Record) -> str:
    rows = []
    for size in _sizes(record):
        speed = _middle(record, size, "images_per_second")
        operations = 2 * _middle(record, size, "multiply_adds")
        share = operations * speed / (1e9 * _middle(record, size, "gigaflops"))
        memory = max(record.values("peak_memory_bytes", kind="speed", kernel_size=size))
        rows.append(
            f"{f'cnn-{size}x{size}' if size else 'dense'} | {speed:,.0f} |"
            f" {1e3 * BATCH_SIZE / speed:.1f} | {operations / 1e6:.1f} | {100 * share:.0f} % |"
            f" {_middle(record, size, 'compile_seconds'):.1f} | {memory / 2**30:.2f}"
        )
    head = (
        "network | images/s | ms per step | MFLOP per image, directly |"
        " share of the matrix product | compiling (s) | memory (GiB)"
    )
    return table(head, rows)


def _first(record: Record) -> str:
    """How long the profile for the first ten minutes takes on such a core, by prediction."""
    study = load_study(FIRST)
    wanted = training_order(study)
    gigaflops = median(_middle(record, size, "gigaflops") for size in _sizes(record))
    seconds = seconds_of_runs(wanted, run_costs({arm for arm, _ in wanted}, gigaflops))
    arms = len(ORIGINAL.conditions)
    rows = []
    for count in (1, 2, 4):
        ends = ends_in_processes(seconds, count)
        # The runs of the first contrast come first, and those of the first seed before the others.
        until = (max(ends[:2]), max(ends[:arms]), max(ends))
        start = process_start_seconds()
        rows.append(" | ".join([str(count), *(f"{(start + each) / 60:.1f}" for each in until)]))
    return table("processes | first difference (min) | every network once | all seeds", rows)


def _growth(record: Record) -> str:
    sentences = [_sentence(record, what) for what in record.kinds("what")]
    alone, *more = (
        (count, median(record.values("images_per_second", kind="together", processes=count)))
        for count in record.kinds("processes")
    )
    for count, rate in more:
        sentences.append(
            f"- **Cores.** {count} processes at once trained {rate / alone[1]:.2f} times as many"
            f" images per second as one ({rate:,.0f} against {alone[1]:,.0f}, 3x3)."
        )
    sizes = [size for size in _sizes(record) if size]
    fast, slow = (_middle(record, size, "images_per_second") for size in (sizes[0], sizes[-1]))
    few, many = (_middle(record, size, "multiply_adds") for size in (sizes[0], sizes[-1]))
    most = max(record.kinds("processes"))
    sentences.append(
        f"- **Kernel size.** From {sizes[0]} to {sizes[-1]} pixels per side an image takes"
        f" {fast / slow:.1f} times as long, where direct convolution needs {many / few:.0f} times"
        f" the multiplications.\n\nNothing was measured beyond {most} cores."
    )
    return "\n".join(sentences)


def _sentence(record: Record, what: str) -> str:
    amounts, seconds = (record.values(name, kind="growth", what=what) for name in (what, "seconds"))
    slope, offset = np.polyfit(amounts, seconds, deg=1)
    listing = ", ".join(
        f"{amount:,}: {each:.1f} s" for amount, each in zip(amounts, seconds, strict=True)
    )
    unit = {"images": "1,000 images", "epochs": "epoch", "seeds": "seed"}[what]
    slope *= 1_000 if what == "images" else 1
    return (
        f"- **{what.capitalize()}.** {listing} (3x3, one process): {slope:.1f} s for every {unit},"
        f" and {offset:.1f} s once."
    )


def _measures(record: Record) -> str:
    rows = []
    for measure in record.kinds("measure"):
        seconds = {each["network"]: each["seconds"] for each in record.where(measure=measure)}
        cells = [f"{seconds[each]:.1f}" if each in seconds else "" for each in ("dense", "cnn")]
        rows.append(" | ".join([measure, *cells]))
    return table("measure | dense (s) | cnn-3x3 (s)", rows)


def _conditions(_options: argparse.Namespace) -> dict[str, Any]:
    return {"dataset": data.resolve("auto")[0]}


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:
    quick = options.quick
    for number in range(1 if quick else ROUNDS):
        for size in (0, 3) if quick else KERNEL_SIZES:
            keys = {"kind": "speed", "kernel_size": size, "round": number}
            yield keys, partial(_speed, conditions["dataset"], size)
        for count in PROCESSES:
            keys = {"kind": "together", "processes": count, "round": number}
            yield keys, partial(_speed, conditions["dataset"], 3, count)
    growth = QUICK_GROWTH if quick else GROWTH
    for what, amounts in growth.items():
        for amount in amounts:
            task = {"images": growth["images"][0], "epochs": 1, "seeds": 1, what: amount}
            yield {"kind": "growth", "what": what} | task, partial(_child, "train", **task)
    measured = (
        (experiment.name, measure, size)
        for experiment in EXPERIMENTS.values()
        for size, model in ((0, Dense()), (3, Convolutional()))
        for measure in (experiment.measures if model in experiment.models else ())
    )
    for experiment, measure, size in measured:
        if not quick or measure == "oriented_filters":
            # Several experiments may share a measure; it is taken once.
            keys = {"measure": measure, "network": "cnn" if size else "dense"}
            task = {"experiment": experiment, "name": measure, "kernel_size": size}
            yield keys, partial(_child, "measure", **task)


def _child(function: str, **task: object) -> dict[str, Any]:
    [answer] = run("benchmarks.cost_measurements", function, task)
    return answer


def _speed(dataset: str, kernel_size: int, count: int = 1) -> dict[str, Any]:
    """Speed of so many processes that train at the same time, and of a matrix product."""
    images = (20 if kernel_size else 400) * BATCH_SIZE
    task = {"dataset": dataset, "kernel_size": kernel_size, "epoch_images": images, "seconds": 8.0}
    processes = run(MODULES[CONVBIAS], "throughput", *[task] * count, barrier=True)
    [product] = run(MODULES[CONVBIAS], "matrix_product", {"seconds": 2.0}, barrier=True)
    return {
        "images_per_second": sum(each["amount"] / each["seconds"] for each in processes),
        "gigaflops": product["amount"] / product["seconds"] / 1e9,
        "compile_seconds": processes[0]["compile_seconds"],
        "peak_memory_bytes": processes[0]["peak_memory_bytes"],
        "multiply_adds": multiply_adds(kernel_size),
    }


BENCHMARK = Benchmark(
    *("cost", __doc__, "docs/cost.md", _conditions, _plan, blocks),
    files={"src/convbias/runs/measure_cost.toml": measure_cost},
    threads=1,
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
