"""Train an arm on other data than images."""

from __future__ import annotations

from convbias.errors import InputError
from convbias.networks.beyond.cross_validation import cross_validate
from convbias.networks.beyond.graphs import train_nodes
from convbias.networks.beyond.result import TaskResult
from convbias.networks.beyond.sequences import train_on_sequences
from convbias.networks.beyond.texts import count_text, train_text
from convbias.spec.beyond.arms import TaskArm
from convbias.spec.beyond.causal import CausalModel
from convbias.spec.beyond.graphs import GraphRecipe, GraphTask, NodeNetwork
from convbias.spec.beyond.sequences import SequenceRecipe
from convbias.spec.beyond.tables import TableModel, TableRecipe, TableTask
from convbias.spec.beyond.texts import CountRecipe, NGram, TextRecipe, TextTask


def train(arm: TaskArm, seed: int) -> TaskResult:
    """Train an arm once.

    Args:
        arm: Task, model and recipe.
        seed: The run's seed.

    Raises:
        InputError: The model or the recipe is one of another task.
    """
    task, model, recipe = arm.task, arm.model, arm.recipe
    if isinstance(task, TableTask):
        if isinstance(model, TableModel) and isinstance(recipe, TableRecipe):
            return cross_validate(task, model, recipe, seed)
    elif isinstance(task, GraphTask):
        if isinstance(model, NodeNetwork) and isinstance(recipe, GraphRecipe):
            return train_nodes(model, recipe, seed)
    elif isinstance(task, TextTask):
        if isinstance(model, NGram) and isinstance(recipe, CountRecipe):
            return count_text(model, recipe)
        if isinstance(model, CausalModel) and isinstance(recipe, TextRecipe):
            return train_text(model, recipe, seed)
    elif isinstance(model, CausalModel) and isinstance(recipe, SequenceRecipe):
        return train_on_sequences(task, model, recipe, seed)
    raise InputError(
        f"{model.name} with the recipe {recipe.name} cannot be trained on a {task.kind}",
        "a model and a recipe of the same kind of data",
        "take those that the experiment on this data describes",
    )
