"""Whether the data of a task is there."""

from __future__ import annotations

from convbias.spec.beyond.arms import Task
from convbias.spec.extras import check_installed


def check_available(task: Task) -> None:
    """Check that a task's data and packages are there, and download what is missing.

    Args:
        task: The task.

    Raises:
        InputError: A package of an extra is missing.
    """
    if task.kind == "table":
        check_installed("tables", ["sklearn"])
