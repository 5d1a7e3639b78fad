"""An arm of an experiment on other data than images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from convbias.spec.arms import Arm, hash_of
from convbias.spec.beyond.causal import CausalModel
from convbias.spec.beyond.graphs import GraphRecipe, GraphTask, NodeNetwork
from convbias.spec.beyond.sequences import SequenceRecipe, SequenceTask
from convbias.spec.beyond.tables import TableModel, TableRecipe, TableTask
from convbias.spec.beyond.texts import CountRecipe, NGram, TextRecipe, TextTask
from convbias.spec.description import Description

Task = TableTask | GraphTask | SequenceTask | TextTask
TaskModel = TableModel | NodeNetwork | CausalModel | NGram
TaskRecipe = TableRecipe | GraphRecipe | SequenceRecipe | TextRecipe | CountRecipe


class TaskArm(Description, frozen=True):
    """One condition of an experiment on other data than images: task, model and recipe."""

    task: Annotated[Task, Field(discriminator="kind")]
    model: Annotated[TaskModel, Field(discriminator="family")]
    recipe: Annotated[TaskRecipe, Field(discriminator="name")]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def draws(self) -> bool:
        """Whether anything about a run depends on its seed; counts of a text depend on none."""
        return not isinstance(self.model, NGram)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits, as `Arm.hash` makes them."""
        return hash_of(task=self.task, model=self.model, recipe=self.recipe)


AnyArm = Arm | TaskArm


@dataclass(frozen=True)
class TaskCondition:
    """A condition of an experiment on other data than images; the same in every profile.

    Args:
        name: Its name in the experiment's tables and figures.
        task: The data, and what is to be told of it.
        model: The model.
        recipe: How it is tuned and trained.
    """

    name: str
    task: Task
    model: TaskModel
    recipe: TaskRecipe

    @property
    def changes(self) -> Mapping[str, object]:
        """Fields of the task in which the condition differs from an unchanged one."""
        return self.task.changes

    def arm(self) -> TaskArm:
        """The arm; a profile only sets its seeds."""
        return TaskArm(task=self.task, model=self.model, recipe=self.recipe)
