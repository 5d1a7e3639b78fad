"""What experiments hand to every measure, and what they get back."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras
import numpy as np

from convbias.data import Dataset
from convbias.networks.models import Architecture
from convbias.spec.arms import Arm


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network with what it was trained on.

    Args:
        network: The network.
        arm: What it was trained as.
        seed: With which seed.
        source: The data set as it is stored.
        dataset: The same as the arm's data variant makes it.
    """

    network: keras.Model
    arm: Arm
    seed: int
    source: Dataset
    dataset: Dataset

    def untrained(self) -> keras.Sequential:
        """The same network with the weights that its training began with."""
        return Architecture.of(self.arm, self.dataset).build(self.seed)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a measure found.

    Args:
        values: Named numbers.
        pictures: Named arrays for figures; they are stored with 11 significant bits.
    """

    values: dict[str, float]
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
