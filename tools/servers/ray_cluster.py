"""A Ray cluster of several nodes on the loopback device of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from convbias.runs.engines.ray_connection import LOOPBACK, ON_LOOPBACK, QUIET

OBJECT_STORE = 80 * 2**20  # bytes of every node


class LoopbackCluster:
    """A cluster, to which nodes with one CPU can be added.

    Args:
        cluster: Ray's own.
    """

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self.address: str = cluster.address
        self.nodes = [cluster.head_node]

    def add_node(self) -> None:
        """Add a node with one CPU."""
        node = self._cluster.add_node(num_cpus=1, object_store_memory=OBJECT_STORE)
        self.nodes.append(node)

    def kill_node(self) -> None:
        """End the newest node as a power failure does: with all of its processes."""
        node = self.nodes.pop()
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        for process in (raylet, *raylet.children(recursive=True)):
            process.send_signal(signal.SIGKILL)

    def workers(self) -> list[psutil.Process]:
        """Processes that execute a task at present."""
        return [
            process
            for node in self.nodes
            for process in _children(node.all_processes["raylet"][0].process.pid)
            if process.name().startswith("ray::_task")
        ]


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@contextmanager
def ray_cluster(
    set_variable: Callable[[str, str], object], cpus: int = 1
) -> Iterator[LoopbackCluster]:
    """A cluster with one node, its head.

    Args:
        set_variable: sets an environment variable for as long as the cluster lives.
        cpus: of the node.
    """
    for name, value in (QUIET | ON_LOOPBACK).items():
        set_variable(name, value)
    from ray.cluster_utils import Cluster  # reads the variables

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": cpus,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
            "node_ip_address": LOOPBACK,
        },
    )
    try:
        yield LoopbackCluster(cluster)
    finally:
        cluster.shutdown()
        os.environ.pop("RAY_ADDRESS", None)
