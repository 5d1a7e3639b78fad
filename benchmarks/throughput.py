"""How many images per second train, beside Keras on TensorFlow and PyTorch.

Takes about half an hour on a quiet machine. Writes benchmarks/README.md, and for predictions the
package's cost.toml.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.contender import BATCH_SIZE, CONVBIAS, KERAS, MODES, MODULES, PYTORCH
from benchmarks.harness import Benchmark, Plan, Record, met, ratios, spread, table
from benchmarks.processes import CORES, keep_to_cores, rival_versions, run

from convbias import data

MATRIX_PRODUCT = "matrix product"
# The median ratio to reach, one convbias training per core against one training of the rival.
TARGETS = {
    "dense": {KERAS: 8.0, PYTORCH: 3.0},
    "cnn-3x3": {KERAS: 2.0, PYTORCH: 1.8},
    "cnn-5x5": {KERAS: 3.0, PYTORCH: 2.2},
    "cnn-7x7": {KERAS: 5.0, PYTORCH: 2.5},
}
LARGEST_MEMORY_GIB, LONGEST_START_SECONDS = 1.5, 15.0
# Batches per epoch: an epoch of the slowest contender takes some seconds, of the fastest about one.
STEPS = {"dense": 400, "cnn-3x3": 30, "cnn-5x5": 16, "cnn-7x7": 10}
QUICK_STEPS = {"dense": 100, "cnn-3x3": 8}
DISTURBED_CORES = 0.2  # where other programs took more, the trial is repeated
LARGEST_ATTEMPTS = 3
IN_TURN = (
    (MATRIX_PRODUCT, "one_core"),
    (MATRIX_PRODUCT, "one_training"),
    *((contender, mode) for mode in MODES for contender in MODULES),
)

Processes = Sequence[Mapping[str, float]]


def rate(processes: Processes) -> float:
    """Images, or operations, per second of processes that ran together."""
    return sum(each["amount"] / each["seconds"] for each in processes)


def taken_by_others(processes: Processes) -> float:
    """Cores that other programs kept busy meanwhile."""
    busy = [each["machine_seconds"] / each["seconds"] for each in processes]
    ours = sum(each["cpu_seconds"] / each["seconds"] for each in processes)
    return max(0.0, sum(busy) / len(busy) - ours)


def rates(record: Record, network: str, contender: str, mode: str) -> list[float]:
    """What a contender reached per second, round by round."""
    trials = record.values("processes", network=network, contender=contender, mode=mode)
    return list(map(rate, trials))


def compared(record: Record, network: str, rival: str, ours: str, theirs: str) -> list[float]:
    """Our rate divided by a rival's, round by round."""
    return ratios(rates(record, network, CONVBIAS, ours), rates(record, network, rival, theirs))


def better_mode(record: Record, network: str, contender: str) -> str:
    """The mode in which a contender's median rate is higher."""
    return max(MODES, key=lambda mode: median(rates(record, network, contender, mode)))


def blocks(record: Record) -> dict[str, str]:
    """The tables of benchmarks/README.md."""
    parts = [_circumstances(record), _rates(record), _ratios(record), _costs(record)]
    return {"results": "\n\n".join(parts)}


def cost_model(record: Record) -> str:
    """The package's `cost.toml`: how fast training is beside a matrix product on one core."""
    lines = [
        "# Training on one core of a busy machine, written by `benchmarks/throughput.py`:",
        "# images per second for every GFLOP/s of a matrix product on one core, seconds until a",
        "# new process trains, and of these, compilation; by kernel size (0: the dense network).",
    ]
    for network in record.kinds("network"):
        together = rates(record, network, CONVBIAS, "one_per_core")
        per_core = [each / record.conditions["cores"] for each in together]
        gigaflops = [each / 1e9 for each in rates(record, network, MATRIX_PRODUCT, "one_core")]
        lines += [
            f"\n[kernel_size.{_kernel_size(network)}]",
            f"images_per_gigaflop = {median(ratios(per_core, gigaflops)):.4g}",
        ]
        for name in ("start_seconds", "compile_seconds"):
            values = _of_processes(record, network, "one_per_core", name)
            lines.append(f"{name} = {median(values):.3g}")
    return "\n".join(lines) + "\n"


def _kernel_size(network: str) -> int:
    return int(network.partition("x")[2]) if "x" in network else 0


def _of_processes(record: Record, network: str, mode: str, name: str) -> list[float]:
    trials = record.values("processes", network=network, contender=CONVBIAS, mode=mode)
    return [process[name] for processes in trials for process in processes]


def _circumstances(record: Record) -> str:
    machine, conditions = record.environment, record.conditions
    others = list(map(taken_by_others, record.values("processes")))
    used = {name: machine.versions[name] for name in ("jax", "keras")} | conditions["versions"]
    days = sorted({began_at[:10] for began_at in record.values("began_at")})
    return (
        f"{machine.processor}, {conditions['cores']} cores, Python {machine.python},"
        f" {', '.join(f'{name} {number}' for name, number in used.items())};"
        f" {conditions['dataset']}, batches of {BATCH_SIZE}, float32; {' and '.join(days)},"
        f" {len(record.kinds('round'))} rounds per network. Other programs took"
        f" {median(others):.2f} of the {conditions['cores']} cores (median; at most"
        f" {max(others):.2f})."
    )


def _rates(record: Record) -> str:
    columns = [(contender, mode) for contender in MODULES for mode in MODES]
    products = [(MATRIX_PRODUCT, mode) for mode in ("one_core", "one_training")]
    rows = []
    for network in record.kinds("network"):
        middles = [f"{median(rates(record, network, *each)):,.0f}" for each in columns]
        peaks = [f"{median(rates(record, network, *each)) / 1e9:.0f}" for each in products]
        rows.append(" | ".join([network, *middles, " / ".join(peaks)]))
    heads = [f"{contender}, {MODES[mode]}" for contender, mode in columns]
    heads = ["network", *heads, "matrix product, GFLOP/s on one core / all"]
    return "Images per second, median over rounds:\n\n" + table(" | ".join(heads), rows)


def _ratios(record: Record) -> str:
    rows = []
    for network in record.kinds("network"):
        for rival, target in TARGETS[network].items():
            busy = compared(record, network, rival, "one_per_core", "one_training")
            single = compared(record, network, rival, "one_training", "one_training")
            modes = [better_mode(record, network, each) for each in (CONVBIAS, rival)]
            best = spread(compared(record, network, rival, *modes))
            rows.append(
                f"{network} | {rival} | {spread(busy)} |"
                f" {target:g}: {met(median(busy) >= target)} | {spread(single)} |"
                f" {best}, {' / '.join(MODES[mode] for mode in modes)}"
            )
    head = (
        "network | rival | one per core against one training | target |"
        " one training against one | each at its best"
    )
    title = "convbias divided by the rival round by round, median (minimum to maximum):"
    return f"{title}\n\n{table(head, rows)}"


def _costs(record: Record) -> str:
    rows = []
    for network in record.kinds("network"):
        starts = [median(_of_processes(record, network, mode, "start_seconds")) for mode in MODES]
        peaks = [max(_of_processes(record, network, mode, "peak_memory_bytes")) for mode in MODES]
        memory = [peak / 2**30 for peak in peaks]
        cells = [f"{each:.1f} s, {met(each <= LONGEST_START_SECONDS)}" for each in starts]
        cells += [f"{each:.2f} GiB, {met(each <= LARGEST_MEMORY_GIB)}" for each in memory]
        rows.append(" | ".join([network, *cells]))
    heads = [f"{what}, {name}" for what in ("start", "peak memory") for name in MODES.values()]
    return (
        "One convbias process: median seconds from its start to its first training step (target:"
        f" {LONGEST_START_SECONDS:g} s), and its largest resident memory in any round (target:"
        f" {LARGEST_MEMORY_GIB:g} GiB):\n\n{table(' | '.join(['network', *heads]), rows)}"
    )


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    keep_to_cores()
    return {
        "dataset": data.resolve("auto")[0],
        "cores": CORES,
        "seconds": 1.0 if options.quick else 4.0,
        "steps": QUICK_STEPS if options.quick else STEPS,
        "versions": rival_versions(),
    }


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:
    dataset = data.load(conditions["dataset"])
    for network, steps in conditions["steps"].items():
        images = min(steps, len(dataset.train_images) // BATCH_SIZE) * BATCH_SIZE
        with tempfile.TemporaryDirectory() as folder:
            arrays = Path(folder) / "images.npz"
            labels = dataset.train_labels[:images]
            np.savez(arrays, images=dataset.train_images[:images], labels=labels)
            task = {"arrays": arrays, "kernel_size": _kernel_size(network), "epoch_images": images}
            task["seconds"] = conditions["seconds"]
            for number in range(1 if options.quick else 5):
                for contender, mode in IN_TURN:
                    keys = {"network": network, "round": number}
                    keys |= {"contender": contender, "mode": mode}
                    yield keys, partial(trial, contender, mode, task, options.quick)


def trial(contender: str, mode: str, task: dict[str, Any], quick: bool) -> dict[str, Processes]:
    """Time a contender, and again while other programs disturb it; the least disturbed counts."""
    is_product = contender == MATRIX_PRODUCT
    attempts: list[Processes] = []
    for _attempt in range(LARGEST_ATTEMPTS):
        processes = run(
            MODULES[CONVBIAS if is_product else contender],
            "matrix_product" if is_product else "throughput",
            *[task] * (CORES if mode == "one_per_core" else 1),
            threads=CORES if mode == "one_training" else 1,
            patience=0.0 if quick else 15.0,
            barrier=True,
        )
        attempts.append(processes)
        if taken_by_others(processes) <= DISTURBED_CORES:
            break
    return {"processes": min(attempts, key=taken_by_others)}


BENCHMARK = Benchmark(
    *("throughput", __doc__, "benchmarks/README.md", _conditions, _plan, blocks),
    files={"src/convbias/runs/cost.toml": cost_model},
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
