"""What many machines cost and bring: overhead of a unit, two nodes, and a simulated cluster.

Takes about five minutes. Writes the tables of docs/machines.md.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from functools import partial
from statistics import median
from typing import Any

from benchmarks.harness import Benchmark, Plan, Record, spread, table
from benchmarks.processes import run

from convbias.experiments.studies import load_study, training_order
from convbias.runs.cost import ends_in_processes, run_costs, seconds_of_runs

ROUNDS = 3
UNITS = 100
FILES = {"nothing": 0, "a network (460 kB)": 460_000}
NODES = (0, 1, 2)
LENGTHS = (0.1, 1, 10, 60)  # seconds of a simulated unit
CORES_OF_NODE = 2
CLUSTERS = (1, 10, 100)  # nodes


def blocks(record: Record) -> dict[str, str]:
    """The tables of docs/machines.md."""
    machine = record.environment
    return {
        "conditions": (
            f"Measured on {machine.processor} with {machine.cores} cores, at"
            f" {record.measurements[0]['code_version']}; medians and ranges of"
            f" {len(record.kinds('round'))} rounds."
        ),
        "overhead": _overhead(record),
        "nodes": _nodes(record),
        "simulated": _simulated(record),
        "full": _full(record),
    }


def _overhead(record: Record) -> str:
    rows = [
        " | ".join(
            [_place(nodes)]
            + [
                spread([1_000 * each for each in record.values("seconds", **keys)], digits=1)
                for size in FILES.values()
                for keys in [{"kind": "dispatch", "nodes": nodes, "size": size}]
            ]
        )
        for nodes in NODES
    ]
    head = " | ".join(["where", *(f"ms per unit that leaves {what}" for what in FILES)])
    lengths = _predicted("quick", record)
    here = median(record.values("seconds", kind="dispatch", nodes=0, size=max(FILES.values())))
    share = len(lengths) * (seconds_of_head(record) - here) / (sum(lengths) / CORES_OF_NODE)
    return (
        f"{table(head, rows)}\n\nOf the `quick` study, {len(lengths)} runs and"
        f" {sum(lengths) / CORES_OF_NODE / 60:.0f} minutes of {CORES_OF_NODE} cores as predicted,"
        f" what Ray's units cost more is {100 * share:.2f} %."
    )


def _predicted(profile: str, record: Record) -> list[float]:
    """Predicted seconds of each of a profile's runs on one core."""
    order = training_order(load_study(profile))
    costs = run_costs({arm for arm, _ in order}, gigaflops=record.conditions["gigaflops"])
    return seconds_of_runs(order, costs)


def _nodes(record: Record) -> str:
    rows = [
        f"{_place(nodes)}, {2 // (nodes or 1)} CPU each | "
        + spread(record.values("seconds", kind="study", nodes=nodes), digits=1)
        for nodes in NODES
    ]
    return table("where | seconds for the same runs, with the start", rows)


def _place(nodes: int) -> str:
    if nodes == 0:
        return "processes of this machine"
    return "Ray, 1 node" if nodes == 1 else f"Ray, {nodes} nodes"


def seconds_of_head(record: Record) -> float:
    """Seconds in which the head can do nothing else, per unit that leaves a network."""
    return median(record.values("seconds", kind="dispatch", nodes=2, size=max(FILES.values())))


def efficiency(length: float, cores: int, head: float, units: int) -> float:
    """Share of a simulated cluster's time that is work, where one head hands units out.

    Args:
        length: seconds of every unit.
        cores: of the cluster.
        head: seconds of the head per unit.
        units: how many.
    """
    return units * length / (cores * simulated([length] * units, cores, head))


def simulated(lengths: list[float], cores: int, head: float) -> float:
    """Seconds until all units are done, where the head hands out one after the other.

    Args:
        lengths: seconds of every unit.
        cores: of the cluster.
        head: seconds of the head per unit.
    """
    free = [0.0] * cores
    handed_out = end = 0.0
    for length in lengths:
        handed_out = max(handed_out, free[0]) + head  # only when a core is free
        heapq.heapreplace(free, handed_out + length)
        end = max(end, handed_out + length)
    return end


def _simulated(record: Record) -> str:
    head = seconds_of_head(record)
    rows = []
    for length in LENGTHS:
        cores = [nodes * CORES_OF_NODE for nodes in CLUSTERS]
        shares = [efficiency(length, each, head, units=20 * each) for each in cores]
        cells = [f"{length:g}", *(f"{100 * share:.0f} %" for share in shares)]
        rows.append(" | ".join([*cells, f"{length / head:,.0f}"]))
    columns = " | ".join(f"{nodes} nodes" if nodes > 1 else "1 node" for nodes in CLUSTERS)
    return table(f"seconds of a unit | {columns} | saturates at (cores)", rows)


def _full(record: Record) -> str:
    head = seconds_of_head(record)
    seconds = sorted(_predicted("full", record), reverse=True)
    alone = max(ends_in_processes(seconds, CORES_OF_NODE))
    rows = []
    for nodes in CLUSTERS:
        took = simulated(seconds, nodes * CORES_OF_NODE, head)
        speedup = alone / took
        rows.append(f"{nodes} | {took / 3600:.1f} | {speedup:.1f} | {100 * speedup / nodes:.0f} %")
    return table("nodes of 2 cores | hours of training | times as fast | efficiency", rows)


def _conditions(_options: argparse.Namespace) -> dict[str, Any]:
    return {"gigaflops": 80.0}  # of one core, see docs/cost.md


def _plan(options: argparse.Namespace, _conditions: dict[str, Any]) -> Plan:
    quick = options.quick
    for number in range(1 if quick else ROUNDS):
        for nodes in NODES:
            for size in FILES.values():
                keys = {"kind": "dispatch", "nodes": nodes, "size": size, "round": number}
                task = {"nodes": nodes, "units": 20 if quick else UNITS, "size": size}
                yield keys, partial(_child, "dispatch", **task)
            keys = {"kind": "study", "nodes": nodes, "round": number}
            task = {"nodes": nodes, "cpus": 2 // (nodes or 1), "runs": 8}
            yield keys, partial(_child, "study", **task, epochs=2 if quick else 10)


def _child(function: str, **task: object) -> dict[str, Any]:
    [answer] = run("benchmarks.machines_measurements", function, task)
    return answer


BENCHMARK = Benchmark("machines", __doc__, "docs/machines.md", _conditions, _plan, blocks)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
