"""The record of what serving costs."""

from __future__ import annotations

from pathlib import Path

from benchmarks.stored import read_stored

from convbias.runs.record import Environment
from convbias.spec.description import Description


class Load(Description, frozen=True):
    """What one server did for so many clients at once."""

    requests_per_second: float
    median_milliseconds: float
    slow_milliseconds: float
    failed: int


class Contest(Description, frozen=True):
    """Both servers with the same clients, one right after the other; one round."""

    payload: str
    connections: int
    convbias: Load
    toolkit: Load

    @property
    def ratio(self) -> float:
        """Requests per second of ours for each of the toolkit's."""
        return self.convbias.requests_per_second / self.toolkit.requests_per_second


class Start(Description, frozen=True):
    """From the command to the first answer, and what all processes held after the load."""

    server: str
    seconds: tuple[float, ...]
    proportional_bytes: int
    resident_bytes: int


class Serving(Description, frozen=True):
    """Everything that one call of `benchmarks/serving.py` measured."""

    code_version: str
    environment: Environment
    versions: dict[str, str]
    run: str
    arm: str
    archive_bytes: int
    body_bytes: dict[str, int]
    one_image_milliseconds: dict[str, tuple[float, ...]]
    contests: tuple[Contest, ...]
    sustained_connections: int
    sustained_seconds: float
    sustained: dict[str, Load]
    starts: tuple[Start, ...]


def read(path: Path) -> Serving:
    """What is stored.

    Raises:
        InputError: It is missing or damaged.
    """
    return read_stored(Serving, path, "python benchmarks/serving.py")
