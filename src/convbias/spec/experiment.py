"""Experiments: question, conditions, contrasts fixed in advance, and control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convbias.errors import InputError
from convbias.spec.arms import Arm, DataVariant, Model
from convbias.spec.beyond.arms import AnyArm, TaskCondition
from convbias.spec.datasets import description_of
from convbias.spec.quantities import Quantity
from convbias.spec.recipes import RecipeName, recipe_for

LEAST_PER_EPOCH = 10_000  # images, about 160 batches of 64


class UnsuitableError(InputError):
    """A data set lacks what an experiment needs (exit code 2)."""


@dataclass(frozen=True)
class Condition:
    """An arm of an experiment, without the profile's images and epochs.

    Args:
        name: Its name in the experiment's tables and figures.
        model: The model.
        changes: Fields of `DataVariant` that differ from the profile's.
        recipe: Name of the recipe, if the question is about that; None takes the profile's.
        rate_of: The model whose learning rate it takes where none was searched for its own: one
            that differs from it in its filters only.
    """

    name: str
    model: Model
    changes: Mapping[str, Any] = field(default_factory=dict)
    recipe: RecipeName | None = None
    rate_of: Model | None = None

    def arm(self, data: DataVariant, recipe: RecipeName, epochs: int) -> Arm:
        """The arm for a profile.

        An arm with fewer images than the profile's takes as many steps as the others. Of a small
        data set an epoch is several passes, or else its networks would hardly be trained.

        Args:
            data: The profile's images.
            recipe: Name of the profile's recipe, used unless the condition has its own.
            epochs: Passes over the training split.
        """
        varied = DataVariant.model_validate(data.model_dump() | dict(self.changes))
        per_epoch = _most_images(data) if "training_images" in self.changes else None
        if _is_small(data):
            per_epoch = LEAST_PER_EPOCH
        chosen = recipe_for(
            self.recipe or recipe, epochs, self.model, varied, per_epoch, self.rate_of
        )
        return Arm(data=varied, model=self.model, recipe=chosen)


def conditions_of(models: Iterable[Model]) -> tuple[Condition, ...]:
    """One condition per model, with the model's name and the profile's images."""
    return tuple(Condition(model.name, model) for model in models)


@dataclass(frozen=True)
class PlannedContrast:
    """A seed-paired difference that is fixed before the test set is opened.

    Args:
        name: Identifies the contrast in tables and claims, for instance `cnn-over-dense-accuracy`.
        question: What it asks, in one plain sentence.
        treatment: Name of the condition that may be better.
        baseline: Name of the condition that it is compared with.
        quantity: The compared quantity.
        claim: The original study's claim that holds only if the treatment is better, by its id in
            `claims.toml`.
    """

    name: str
    question: str
    treatment: str
    baseline: str
    quantity: Quantity
    claim: str | None = None


@dataclass(frozen=True)
class PositiveControl:
    """Two conditions that must differ, or else the experiment cannot see what it looks for.

    Args:
        because: What must come out, and why, in a few words.
        treatment: Name of the condition that must be better.
        baseline: Name of the condition that it is compared with.
        quantity: The compared quantity.
    """

    because: str
    treatment: str
    baseline: str
    quantity: Quantity


@dataclass(frozen=True)
class Experiment:
    """A question with its conditions, contrasts and measures.

    Args:
        name: Its name in profiles and on the command line.
        title: Heading in the report.
        question: What it asks.
        conditions: What it compares; names are unique.
        contrasts: The primary contrasts.
        control: Results known in advance, in one sentence or more.
        measures: Names of modules of `convbias.measures` that are applied to every network.
        not_shown: What the experiment cannot show, in one or two sentences.
        short_question: The question in a few words, for lists of experiments.
        short_control: The control in a few words, likewise.
        positive_control: Two conditions that must differ.
        looks: Numbers of seed pairs at which the contrasts are judged, as a study plans it; none:
            once, on all seeds.
        left_out: Conditions that the data do not allow, each with the reason, in sentences.
    """

    name: str
    title: str
    question: str
    conditions: tuple[Condition | TaskCondition, ...]
    contrasts: tuple[PlannedContrast, ...]
    control: str
    measures: tuple[str, ...] = ()
    not_shown: str = ""
    short_question: str = ""
    short_control: str = ""
    positive_control: PositiveControl | None = None
    looks: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The conditions' names."""
        return tuple(condition.name for condition in self.conditions)

    @property
    def on_images(self) -> bool:
        """Whether its networks classify images, which profiles choose."""
        return all(isinstance(condition, Condition) for condition in self.conditions)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models of conditions on images, each once."""
        of_images = (each for each in self.conditions if isinstance(each, Condition))
        return tuple(dict.fromkeys(condition.model for condition in of_images))

    def changed_fields(self, *names: str) -> frozenset[str]:
        """Fields of the data's description in which the named conditions may differ."""
        return frozenset(
            name
            for condition in self.conditions
            if condition.name in names
            for name in condition.changes
        )

    def arms(self, data: DataVariant, recipe: RecipeName, epochs: int) -> dict[str, AnyArm]:
        """The experiment's arms for a profile.

        Conditions with more training images than the profile has are left out.

        Args:
            data: The images that the arms share, apart from what conditions change.
            recipe: Name of the recipe of all conditions that do not have their own.
            epochs: Passes over the training split.

        Returns:
            Condition name to arm, in the experiment's order.
        """
        most = _most_images(data)
        arms: dict[str, AnyArm] = {}
        for condition in self.conditions:
            if isinstance(condition, TaskCondition):
                arms[condition.name] = condition.arm()
            elif condition.changes.get("training_images", most) <= most:
                arms[condition.name] = condition.arm(data, recipe, epochs)
        return arms


def _is_small(data: DataVariant) -> bool:
    """Whether a data set has so few images that an epoch is several passes over them."""
    # The drawn images are for trying things out, as fast as possible.
    few = description_of(data.dataset).sizes[0] < LEAST_PER_EPOCH
    return few and data.dataset != "drawn"


def _most_images(data: DataVariant) -> int:
    return data.training_images or description_of(data.dataset).sizes[0]
