"""What measures of a PyTorch network cost, beside the passes that they need.

Runs in `.venv-torch`, a few minutes on a quiet machine. Writes a table in docs/your-network.md.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import Benchmark, Plan, Record, met, ratios, spread, table
from benchmarks.processes import rival_versions, run

from convbias.measures.classifier import MEASURES

PROCESSES = "benchmarks.measures_torch"
MOST = 1.3  # times the passes
MOST_FIELD_SECONDS = 1.0
LAYERS = 50
IMAGES = 200
PATIENCE = 15.0  # seconds to wait for other programs


def blocks(record: Record) -> dict[str, str]:
    """The table in docs/your-network.md."""
    rows = []
    for measure in MEASURES:
        found = record.where(name=measure.name)
        taken, passes = ([each[what] for each in found] for what in ("measure", "passes"))
        times, images = ratios(taken, passes), found[0]["images"]
        reached = met(median(times) <= MOST)
        rows.append(
            f"{measure.title} | {images:,} | {median(taken):.2f} | {spread(times)} | {reached}"
        )
    first, fields = (record.values(name, kind="field") for name in ("first", "seconds"))
    reached = met(median(fields) <= MOST_FIELD_SECONDS)
    machine, count = record.environment, len(record.kinds("round"))
    head = f"measure | images | seconds | times its passes | at most {MOST:g}"
    text = (
        f"{machine.processor}, one core, PyTorch {record.conditions['versions']['torch']};"
        f" {count} rounds, median (minimum to maximum). A CNN of three layers with 3x3 kernels;"
        " PyTorch's own passes run beside each measure, in batches of the same size. The"
        f" theoretical fields of {LAYERS} layers with skips are known after {spread(fields)}"
        f" seconds, with the export of the network (at most {MOST_FIELD_SECONDS:g}: {reached}); the"
        f" first network of a process takes {spread(first)}, because PyTorch imports its exporter."
    )
    return {"measures": f"{text}\n\n{table(head, rows)}"}


def _conditions(_options: argparse.Namespace) -> dict[str, Any]:
    return {"versions": rival_versions(Path(sys.executable), ("torch",))}


def _plan(options: argparse.Namespace, _conditions: dict[str, Any]) -> Plan:
    patience = 0.0 if options.quick else PATIENCE
    for number in range(1 if options.quick else 5):
        for measure in MEASURES:
            images = 50 if options.quick else min(measure.images, IMAGES)
            keys = {"name": measure.name, "images": images, "round": number}
            task = {"measure": measure.name, "images": images, "repeats": 1}
            yield keys, partial(_taken, "pair", task, patience)
        yield (
            {"kind": "field", "round": number},
            partial(_taken, "field", {"layers": LAYERS}, patience),
        )


def _taken(function: str, task: dict[str, Any], patience: float) -> dict[str, float]:
    [found] = run(PROCESSES, function, task, patience=patience)
    return found


BENCHMARK = Benchmark(
    *("measures", __doc__, "docs/your-network.md", _conditions, _plan, blocks), threads=1
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
