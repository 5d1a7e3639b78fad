"""Read the locked requirement sets."""

import re
from pathlib import Path

from packaging.requirements import Requirement

LOCKS = Path(__file__).parents[1] / "requirements"


def pins(lock: str) -> dict[str, Requirement]:
    """The distributions of a set that this platform needs, by name.

    Args:
        lock: for instance `run`, for `requirements/run.lock`.
    """
    lines = (LOCKS / f"{lock}.lock").read_text("utf-8").splitlines()
    pinned = [Requirement(line.rstrip(" \\")) for line in lines if re.match("[a-z]", line)]
    return {each.name: each for each in pinned if each.marker is None or each.marker.evaluate()}
