"""Whether training is as far ahead of the rivals on colour images of 32 x 32 pixels.

Takes about a quarter of an hour on a quiet machine. Writes a table in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.contender import BATCH_SIZE, CONVBIAS, KERAS, MODES, MODULES, PYTORCH
from benchmarks.harness import Benchmark, Plan, Record, met, ratios, spread, table
from benchmarks.processes import CORES, keep_to_cores, rival_versions
from benchmarks.throughput import rate, trial

KERNEL_SIZES = {"dense": 0, "cnn-3x3": 3}
SHAPES = {"28 x 28": (28, 28, 1), "32 x 32, colour": (32, 32, 3)}
# Batches per epoch: an epoch takes about a second.
STEPS = {"dense": 200, "cnn-3x3": 20}
NEARLY = 0.9  # of the ratio on grey images, because rounds differ by as much


def _rates(record: Record, network: str, images: str, contender: str) -> list[float]:
    """What a contender trained per second in its faster mode, round by round."""
    keys = {"network": network, "images": images, "contender": contender}
    of_modes = (record.values("processes", mode=mode, **keys) for mode in MODES)
    return max((list(map(rate, trials)) for trials in of_modes), key=median)


def ahead(record: Record, network: str, images: str, rival: str) -> list[float]:
    """Our rate divided by a rival's, each in its faster mode, round by round."""
    ours, theirs = (_rates(record, network, images, each) for each in (CONVBIAS, rival))
    return ratios(ours, theirs)


def blocks(record: Record) -> dict[str, str]:
    """The table in benchmarks/README.md."""
    grey, colour = SHAPES
    rows = []
    for network in record.kinds("network"):
        for rival in (KERAS, PYTORCH):
            on_grey, on_colour = (ahead(record, network, each, rival) for each in SHAPES)
            share = median(on_colour) / median(on_grey)
            ours = median(_rates(record, network, colour, CONVBIAS))
            cells = [network, rival, spread(on_grey), spread(on_colour), f"{share:.2f}"]
            rows.append(" | ".join([*cells, met(share >= NEARLY), f"{ours:,.0f}"]))
    head = (
        f"network | rival | {grey} | {colour} | colour to grey | at least {NEARLY:g} |"
        " convbias in colour, images per second"
    )
    machine = record.environment
    text = (
        f"{machine.processor}, {record.conditions['cores']} cores;"
        f" {len(record.kinds('round'))} rounds. convbias divided by the rival round by round, each"
        " in its faster mode, median (minimum to maximum); the images are random, which costs the"
        " same as photographs."
    )
    return {"colour": f"{text}\n\n{table(head, rows)}"}


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    keep_to_cores()
    return {
        "cores": CORES,
        "seconds": 1.0 if options.quick else 4.0,
        "versions": rival_versions(),
    }


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 if options.quick else 5):
            for network, kernel_size in KERNEL_SIZES.items():
                images = STEPS[network] * BATCH_SIZE
                for name, shape in SHAPES.items():
                    arrays = Path(folder) / f"{images} {name}.npz"
                    if not arrays.exists():
                        pixels = random.integers(0, 256, (images, *shape), dtype=np.uint8)
                        np.savez(arrays, images=pixels, labels=np.arange(images) % 10)
                    task = {"arrays": arrays, "kernel_size": kernel_size, "epoch_images": images}
                    task["seconds"] = conditions["seconds"]
                    for contender in MODULES:
                        for mode in MODES:
                            keys = {"network": network, "images": name, "round": number}
                            keys |= {"contender": contender, "mode": mode}
                            yield keys, partial(trial, contender, mode, task, options.quick)


BENCHMARK = Benchmark("colour", __doc__, "benchmarks/README.md", _conditions, _plan, blocks)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
