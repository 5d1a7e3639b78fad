"""What hostile input costs: inputs that a coverage-guided fuzzer finds, for two minutes a reader.

Writes a section of docs/serving.md. Needs atheris, which exists for Linux on x86-64.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

from benchmarks.harness import Benchmark, Plan, Record, table
from tools.fuzzing import READERS, fuzz

SECONDS, QUICK_SECONDS = 120, 2


def blocks(record: Record) -> dict[str, str]:
    """The part of docs/serving.md that depends on the record."""
    rows = [
        f"{each['reader']} | {each['inputs']:,} | {each['branches']:,} |"
        f" {1_000 * each['seconds']:,.1f} | {each['megabytes']:.1f} | {int(each['failed'])}"
        for each in record.measurements
    ]
    machine, conditions = record.environment, record.conditions
    return {
        "fuzzing": (
            f"{conditions['seconds']} seconds for each reader on one core of {machine.processor},"
            f" Python {machine.python}, atheris {conditions['atheris']}, at"
            f" {record.measurements[0]['code_version']}.\n\n"
            + table(
                "reader | inputs | branches reached | processor time of the worst (ms) |"
                " growth of the process (MB) | findings",
                rows,
            )
        )
    }


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    seconds = QUICK_SECONDS if options.quick else SECONDS
    return {"seconds": seconds, "atheris": version("atheris")}


def _plan(options: argparse.Namespace, conditions: dict[str, Any]) -> Plan:  # noqa: ARG001
    for reader in READERS:
        yield {"reader": reader}, partial(_measure, reader, conditions["seconds"])


def _measure(reader: str, seconds: int) -> Mapping[str, Any]:
    result = fuzz(reader, f"-max_total_time={seconds}")
    finding = result.pop("finding")
    if finding is not None:
        print(finding, file=sys.stderr)
    return {**result, "failed": finding is not None}


BENCHMARK = Benchmark(
    name="fuzzing",
    about=__doc__,
    page="docs/serving.md",
    conditions=_conditions,
    plan=_plan,
    blocks=blocks,
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
