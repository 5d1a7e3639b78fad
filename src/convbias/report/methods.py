"""How the numbers came about: networks, recipes, machines and cost, from stored runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convbias.figures import Arms
from convbias.runs.record import Environment, Run
from convbias.spec.arithmetic import Layers, weight_shapes
from convbias.spec.arms import Recipe
from convbias.spec.experiment import Experiment


@dataclass(frozen=True)
class RecipeRow:
    """A recipe and the arms that were trained by it.

    Args:
        recipe: The recipe.
        arms: Their names.
    """

    recipe: Recipe
    arms: tuple[str, ...]

    @property
    def epochs(self) -> str:
        """How many epochs, and of how many images where each is not one pass."""
        count, images = self.recipe.epochs, self.recipe.images_per_epoch
        of_images = "" if images is None else f" of {images:,} images"
        return f"{count} epoch{'' if count == 1 else 's'}{of_images}"

    @property
    def schedule(self) -> str:
        """The learning rate's course in words."""
        if self.recipe.schedule == "constant":
            return "constant"
        return (
            f"linear warm-up over the first {100 * self.recipe.warmup_fraction:.0f} % of the steps,"
            " then half a cosine to zero"
        )


@dataclass(frozen=True)
class LayerRow:
    """A layer's weights.

    Args:
        name: Of the layer.
        shapes: Of its weights, in words.
        parameters: How many numbers they are.
    """

    name: str
    shapes: str
    parameters: int


@dataclass(frozen=True)
class CostRow:
    """What an arm's runs took.

    Args:
        arm: Its name.
        runs: How many finished.
        minutes: From start to end, with compilation and scoring, of all of them together.
        seconds: Median training time of one.
        images_per_second: Median of the runs' fastest epochs.
        peak_megabytes: Largest resident memory of a training process.
    """

    arm: str
    runs: int
    minutes: float
    seconds: float
    images_per_second: float
    peak_megabytes: float


def networks(experiment: Experiment) -> dict[str, Layers]:
    """The shapes of the weights of an experiment's models.

    Args:
        experiment: Whose models.

    Returns:
        Arm name to layer name to weight name to shape.
    """
    return {each.name: weight_shapes(each.model) for each in experiment.conditions}


def layer_rows(layers: Layers) -> list[LayerRow]:
    """Count a network's parameters layer by layer.

    Args:
        layers: Layer name to weight name to shape.
    """
    return [
        LayerRow(
            name,
            " + ".join("×".join(map(str, shape)) for shape in shapes.values()),
            sum(math.prod(shape) for shape in shapes.values()),
        )
        for name, shapes in layers.items()
    ]


def recipe_rows(arms: Arms) -> list[RecipeRow]:
    """The recipes of finished runs, each with its arms.

    Args:
        arms: Finished runs by arm.
    """
    by_recipe: dict[Recipe, list[str]] = {}
    for arm, runs in arms.items():
        by_recipe.setdefault(runs[0].arm.recipe, []).append(arm)
    return [RecipeRow(recipe, tuple(names)) for recipe, names in by_recipe.items()]


def recipe_names(arms: Arms) -> list[str]:
    """The recipes with their epochs in a few words, each once.

    Args:
        arms: Finished runs by arm.
    """
    return list(dict.fromkeys(f"{row.recipe.name}, {row.epochs}" for row in recipe_rows(arms)))


def environments(runs: Iterable[Run]) -> list[tuple[Environment, str, int]]:
    """The machines, libraries and code versions behind the runs.

    Args:
        runs: Finished or diverged.

    Returns:
        Environment, code version, and how many runs share both.
    """
    grouped: dict[str, tuple[Environment, str, int]] = {}
    for run in runs:
        identity = f"{run.environment.model_dump_json()} {run.code_version}"
        _, _, count = grouped.get(identity, (None, None, 0))
        grouped[identity] = (run.environment, run.code_version, count + 1)
    return list(grouped.values())


def cost_rows(arms: Mapping[str, Sequence[Run]]) -> list[CostRow]:
    """What the finished runs took, by arm.

    Args:
        arms: Finished runs by arm.
    """
    return [
        CostRow(
            arm=arm,
            runs=len(runs),
            minutes=sum(run.cost.wall_seconds for run in runs) / 60,
            seconds=statistics.median(run.cost.training_seconds for run in runs),
            images_per_second=statistics.median(run.cost.images_per_second for run in runs),
            peak_megabytes=max(run.cost.peak_memory_bytes for run in runs) / 1e6,
        )
        for arm, runs in arms.items()
    ]
