"""The record of what training costs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from benchmarks.stored import read_stored

from convbias.runs.record import Environment
from convbias.spec.description import Description


class Network(Description, frozen=True):
    """One network on one core; `multiply_adds` are those of a training step per image.

    They are counted as direct convolution takes them, forward and backward, whatever was computed.
    """

    kernel_size: int
    images_per_second: float
    gigaflops: float
    compile_seconds: float
    peak_memory_bytes: int
    multiply_adds: int

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"cnn-{self.kernel_size}x{self.kernel_size}" if self.kernel_size else "dense"

    @property
    def share_of_peak(self) -> float:
        """Of the matrix product's speed; above 1 where the Fourier domain saves multiplications."""
        return 2 * self.multiply_adds * self.images_per_second / (1e9 * self.gigaflops)


class MeasureTime(Description, frozen=True):
    """One measure of one untrained network at the scale of the quick profile, on one core."""

    measure: str
    network: Literal["dense", "cnn"]
    seconds: float
    gigaflops: float

    @property
    def gigaflop(self) -> float:
        """What a matrix product would have done in the time."""
        return self.seconds * self.gigaflops


class Profile(Description, frozen=True):
    """Milliseconds of a training step by layer and direction."""

    kernel_size: int
    step_milliseconds: float
    parts: dict[str, float]


class Growth(Description, frozen=True):
    """Seconds of training the 3x3 network against one thing that grows."""

    what: Literal["images", "epochs", "seeds"]
    amounts: tuple[int, ...]
    seconds: tuple[float, ...]


class Costs(Description, frozen=True):
    """Everything that one call of `benchmarks/cost.py` measured."""

    code_version: str
    environment: Environment
    networks: tuple[Network, ...]
    profiles: tuple[Profile, ...]
    growth: tuple[Growth, ...]
    processes: tuple[int, ...]
    images_per_second_together: tuple[float, ...]
    measures: tuple[MeasureTime, ...]


def read(path: Path) -> Costs:
    """What is stored.

    Raises:
        InputError: It is missing or damaged.
    """
    return read_stored(Costs, path, "python benchmarks/cost.py")
