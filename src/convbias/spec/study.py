"""Studies: which experiments are run, with which seeds, epochs and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import Field, field_validator

from convbias.errors import InputError
from convbias.spec.arms import DataVariant
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.datasets import DatasetName, description_of
from convbias.spec.description import Description
from convbias.spec.experiment import Experiment
from convbias.spec.looks import check_looks
from convbias.spec.recipes import RecipeName
from convbias.spec.seeds import check_seeds

Scaled = TypeVar("Scaled", "Scale", "Study")
PlannedRun = tuple[AnyArm, int]  # and its seed


class Scale(Description, frozen=True):
    """Settings of one experiment that differ from those of its study."""

    cost: str = Field(description="Measured time, and the machine.")
    training_images: int | None = Field(default=None, ge=100)
    recipe: RecipeName | None = None
    epochs: int | None = Field(default=None, ge=1, le=1_000)
    seeds: tuple[int, ...] | None = None

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return None if seeds is None else _distinct(seeds)


class Study(Description, frozen=True):
    """A set of experiments with their seeds, epochs and images."""

    name: str
    cost: str = Field(description="Measured time, and the machine.")
    expect: str = Field(description="The result to expect, and what it cannot show.")
    experiments: tuple[str, ...] = Field(min_length=1)
    dataset: DatasetName = "fashion-mnist"
    training_images: int | None = Field(default=None, ge=100)
    recipe: RecipeName
    epochs: int = Field(ge=1, le=1_000)
    seeds: tuple[int, ...]
    looks: tuple[int, ...] = Field(
        default=(),
        description="Numbers of seed pairs at which there are verdicts, with one error rate over"
        " all of them; none: once, on all seeds.",
    )
    scale: dict[str, Scale] = Field(
        default_factory=dict, description="Experiments with other settings."
    )

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        return _distinct(seeds)

    @field_validator("looks")
    @classmethod
    def _growing(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        try:
            check_looks(looks)
        except InputError as error:
            raise ValueError(f"{error.what}; {error.fix}") from None
        return looks

    def with_seeds(self, seeds: tuple[int, ...]) -> Study:
        """The study with other seeds, the same for every experiment."""
        scale = {name: each.model_copy(update={"seeds": None}) for name, each in self.scale.items()}
        return self.model_copy(update={"seeds": seeds, "scale": scale})

    def with_seeds_of(self, seeds: Mapping[str, tuple[int, ...]]) -> Study:
        """The study with other seeds for each experiment.

        Args:
            seeds: Experiment to its seeds; those of other experiments stay.
        """
        kept = {name: self.scale.get(name, Scale(cost=self.cost)) for name in seeds}
        scale = {
            name: each.model_copy(update={"seeds": seeds[name]}) for name, each in kept.items()
        }
        return self.model_copy(update={"scale": self.scale | scale})

    def on(self, dataset: DatasetName) -> Study:
        """The study on another data set; where that has fewer images, on all of them."""
        most = description_of(dataset).sizes[0]
        scale = {name: _at_most(each, most) for name, each in self.scale.items()}
        return _at_most(self, most).model_copy(update={"dataset": dataset, "scale": scale})

    def of_experiment(self, name: str) -> Study:
        """The study reduced to one of its experiments, with that experiment's settings."""
        scale = self.scale.get(name)
        changes = scale.model_dump(exclude_none=True) if scale else {}
        return self.model_copy(update=changes | {"experiments": (name,), "scale": {}})

    def arms(self, experiment: Experiment) -> dict[str, AnyArm]:
        """The arms of one of the study's experiments, by condition."""
        alone = self.of_experiment(experiment.name)
        data = DataVariant(dataset=alone.dataset, training_images=alone.training_images)
        return experiment.arms(data, alone.recipe, alone.epochs)

    def seeds_of(self, arm: AnyArm) -> tuple[int, ...]:
        """The seeds with which an arm is trained: the first alone where they change nothing.

        Args:
            arm: An arm of a study of one experiment.
        """
        return self.seeds[:1] if isinstance(arm, TaskArm) and not arm.draws else self.seeds


def _at_most(scaled: Scaled, images: int) -> Scaled:
    if scaled.training_images is None or scaled.training_images <= images:
        return scaled
    # All of them, as experiments without a limit take, so that they share their runs.
    return scaled.model_copy(update={"training_images": None})


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    try:
        check_seeds(seeds)
    except InputError as error:
        raise ValueError(error.what) from None
    return seeds
