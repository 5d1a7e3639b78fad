"""The arguments and results of measures."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras
import numpy as np

from convbias.data import Dataset
from convbias.networks.models import Architecture
from convbias.spec.arms import Arm
from convbias.spec.datasets import is_own
from convbias.spec.streams import Stream, generator


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network with its arm and data.

    Args:
        network: The network.
        arm: The arm that it was trained for.
        seed: The seed that it was trained with.
        source: The data set as it is stored.
        dataset: The data set that the arm's data variant makes of it.
    """

    network: keras.Model
    arm: Arm
    seed: int
    source: Dataset
    dataset: Dataset

    def first(self, count: int, labels: np.ndarray) -> np.ndarray:
        """Which images are measured, where all would take too long: the same for every network.

        Those of the built-in data sets are in random order, so the first ones are taken. A person's
        own may be sorted by class, so theirs are drawn, with a fixed seed.

        Args:
            count: How many at most.
            labels: One for each image.

        Returns:
            int64 (m,), indices of images in random order.
        """
        if is_own(self.source.name):
            return generator(0, Stream.SUBSET).permutation(len(labels))[:count]
        return np.arange(min(count, len(labels)))

    def untrained(self) -> keras.Sequential:
        """The same network with its initial weights."""
        return Architecture.of(self.arm, self.dataset).build(self.seed)


@dataclass(frozen=True, eq=False)
class MeasureValues:
    """The result of a measure.

    Args:
        values: Named numbers.
        pictures: Named arrays for figures; they are stored with 11 significant bits.
        images: On how many test images they were measured; None for what needs none.
    """

    values: dict[str, float]
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
    images: int | None = None
