"""Whether the data of a task is there."""

from __future__ import annotations

from convbias.data.beyond.graphs import CORA
from convbias.data.beyond.texts import TINY_SHAKESPEARE
from convbias.data.loading import load
from convbias.spec.beyond.arms import Task
from convbias.spec.extras import check_installed


def check_available(task: Task) -> None:
    """Check that a task's data and packages are there, and download what is missing.

    Args:
        task: The task.

    Raises:
        InputError: A package of an extra is missing.
        DataError: A file is damaged, or is missing and cannot be downloaded.
    """
    if task.kind == "table":
        check_installed("tables", ["sklearn"])
    elif task.kind == "graph":
        CORA.read()
    elif task.kind == "text":
        TINY_SHAKESPEARE.read()
    elif task.kind == "scanned-images":
        load("fashion-mnist")
