"""What the benchmark of the time to an accuracy stores, and what follows from it."""

from __future__ import annotations

from statistics import median
from typing import Final, Literal

from convbias.runs.record import Environment
from convbias.spec.arms import Recipe
from convbias.spec.datasets import DatasetName
from convbias.spec.description import Description

OURS: Final = "convbias"
TORCH: Final = "PyTorch"
KERAS: Final = "Keras-TensorFlow"
TARGET_ACCURACY = 0.904  # the original study's CNN
SHORT_EPOCHS = 2  # of stock Keras in a round, to see how long an epoch takes

Contender = Literal["convbias", "PyTorch", "Keras-TensorFlow"]
Mode = Literal["one_training", "one_per_core"]


class Lap(Description, frozen=True):
    """An epoch's end: seconds of training so far, compilation included, scoring left out."""

    epoch: int
    seconds: float
    test_accuracy: float


class Training(Description, frozen=True):
    """One network trained in one process."""

    contender: Contender
    mode: Mode
    seed: int
    laps: tuple[Lap, ...]
    code_version: str

    @property
    def is_whole_of_keras(self) -> bool:
        """Whether this is stock Keras' one long training."""
        return self.contender == KERAS and len(self.laps) > SHORT_EPOCHS


class Records(Description, frozen=True):
    """All trainings so far."""

    dataset: DatasetName
    recipe: Recipe
    cores: int
    environment: Environment
    rival_versions: dict[str, str]
    trainings: tuple[Training, ...]

    @property
    def rounds(self) -> int:
        """How many whole rounds there are: the last contest of a round is PyTorch's per core."""
        return len(self.of(TORCH, "one_per_core")) // self.cores

    def of(self, contender: Contender, mode: Mode) -> list[Training]:
        """A contender's trainings in the order they were held, without Keras' long one."""
        return [
            training
            for training in self.trainings
            if (training.contender, training.mode) == (contender, mode)
            and not training.is_whole_of_keras
        ]

    def accuracies(self, contender: Contender) -> list[float]:
        """Final test accuracy of every seed that a contender trained."""
        return [
            training.laps[-1].test_accuracy
            for training in self.trainings
            if training.contender == contender and not training.is_whole_of_keras
        ]

    def seconds(self, contender: Contender, mode: Mode) -> list[float]:
        """Seconds for one network, round by round; with one per core, the slower one's share."""
        ends = [training.laps[-1].seconds for training in self.of(contender, mode)]
        if mode == "one_training":
            return ends
        pairs = zip(*[iter(ends)] * self.cores, strict=False)
        return [max(pair) / self.cores for pair in pairs]

    def keras_seconds(self, epochs: int) -> list[float]:
        """How long stock Keras needs for so many epochs, round by round."""
        return [
            first.seconds + (epochs - 1) * (second.seconds - first.seconds)
            for first, second in (training.laps for training in self.of(KERAS, "one_training"))
        ]

    @property
    def keras_laps(self) -> tuple[Lap, ...]:
        """The epochs of stock Keras' one long training; empty before it was held."""
        return next((each.laps for each in self.trainings if each.is_whole_of_keras), ())

    @property
    def keras_epochs(self) -> int | None:
        """After how many epochs stock Keras was first as good; None if it never was."""
        there = (lap.epoch for lap in self.keras_laps if lap.test_accuracy >= TARGET_ACCURACY)
        return next(there, None)


def middle(values: list[float]) -> str:
    """Median and range in words."""
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
