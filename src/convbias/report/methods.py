"""Rows of the methods section: networks, recipes, environments and cost."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convbias.figures import Arms
from convbias.findings.results import ConditionRun
from convbias.runs.record import Environment, Run
from convbias.spec.arithmetic import Layers, weight_shapes
from convbias.spec.arms import Recipe
from convbias.spec.datasets import FASHION_MNIST, Dimensions
from convbias.spec.experiment import Condition, Experiment
from convbias.spec.formatting import counted
from convbias.spec.preregistration import Preregistration
from convbias.statistics import SelfComparison, self_comparison, summarise


@dataclass(frozen=True)
class RecipeRow:
    """A recipe and the arms trained with it.

    Args:
        recipe: the recipe.
        arms: names of the arms.
    """

    recipe: Recipe
    arms: tuple[str, ...]

    @property
    def epochs(self) -> str:
        """The number of epochs, with the images per epoch where that is not all of them."""
        count, images = self.recipe.epochs, self.recipe.images_per_epoch
        of_images = "" if images is None else f" of {images:,} images"
        return f"{counted(count, 'epoch')}{of_images}"

    @property
    def schedule(self) -> str:
        """The schedule of the learning rate."""
        if self.recipe.schedule == "constant":
            return "constant"
        return (
            f"linear warm-up over the first {100 * self.recipe.warmup_fraction:.0f} % of the steps,"
            " then cosine decay to zero"
        )


@dataclass(frozen=True)
class LayerRow:
    """A layer's weights.

    Args:
        name: name of the layer.
        shapes: shapes of its weights.
        parameters: number of parameters.
    """

    name: str
    shapes: str
    parameters: int


@dataclass(frozen=True)
class CostRow:
    """Time and memory of an arm's runs.

    Args:
        arm: name of the arm.
        runs: number of finished runs.
        minutes: total time of all runs, including compilation and scoring.
        seconds: median training time of a run.
        images_per_second: median over runs of the fastest epoch.
        peak_megabytes: largest resident memory of a training process.
    """

    arm: str
    runs: int
    minutes: float
    seconds: float
    images_per_second: float
    peak_megabytes: float


def networks(experiment: Experiment, dimensions: Dimensions = FASHION_MNIST) -> dict[str, Layers]:
    """The shapes of the weights of an experiment's models.

    Args:
        experiment: the experiment.
        dimensions: what the networks take and give.

    Returns:
        Arm name to layer name to weight name to shape.
    """
    return {
        each.name: weight_shapes(each.model, dimensions)
        for each in experiment.conditions
        if isinstance(each, Condition)
    }


def layer_rows(layers: Layers) -> list[LayerRow]:
    """Count a network's parameters layer by layer.

    Args:
        layers: layer name to weight name to shape.
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
        arms: arm name to finished runs.
    """
    by_recipe: dict[Recipe, list[str]] = {}
    for arm, runs in arms.items():
        by_recipe.setdefault(runs[0].image_arm.recipe, []).append(arm)
    return [RecipeRow(recipe, tuple(names)) for recipe, names in by_recipe.items()]


def recipe_names(arms: Arms) -> list[str]:
    """The recipes with their epochs, without repetitions.

    Args:
        arms: arm name to finished runs.
    """
    return list(dict.fromkeys(f"{row.recipe.name}, {row.epochs}" for row in recipe_rows(arms)))


def environments(runs: Iterable[Run]) -> list[tuple[Environment, str, int]]:
    """Group runs by environment and code version.

    Args:
        runs: finished or diverged runs.

    Returns:
        Environment, code version, and the number of runs with both.
    """
    grouped: dict[str, tuple[Environment, str, int]] = {}
    for run in runs:
        identity = f"{run.environment.model_dump_json()} {run.code_version}"
        _, _, count = grouped.get(identity, (None, None, 0))
        grouped[identity] = (run.environment, run.code_version, count + 1)
    return list(grouped.values())


def cost_rows(arms: Mapping[str, Sequence[Run]]) -> list[CostRow]:
    """Time and memory of the finished runs, by arm.

    Args:
        arms: arm name to finished runs.
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


def self_comparisons(runs: Iterable[ConditionRun]) -> list[tuple[str, SelfComparison]]:
    """Compare every arm that has enough runs with itself.

    Args:
        runs: runs of a study, each once.

    Returns:
        Name of the arm's first condition, and the result.
    """
    arms: dict[str, list[ConditionRun]] = {}
    for run in runs:
        if run.status == "finished" and run.per_image is not None:
            arms.setdefault(run.arm_hash, []).append(run)
    found = []
    for of_arm in arms.values():
        correct = [run.per_image.correct for run in of_arm if run.per_image is not None]
        if (result := self_comparison(np.array(correct))) is not None:
            found.append((of_arm[0].condition, result))
    return found


def preregistrations(
    runs: Iterable[ConditionRun],
) -> list[tuple[str | None, Preregistration | None, int]]:
    """What was fixed before the runs were trained.

    Args:
        runs: runs of a study, each once.

    Returns:
        Hash that the runs name, or None where they name none; what was fixed, or None where that
        is not stored; and the number of these runs.
    """
    fixed = [(run.preregistration, run.fixed) for run in runs]
    stored = dict(fixed)
    counts = Counter(key for key, _ in fixed)
    return [(key, stored[key], count) for key, count in counts.most_common()]


def mean_found(compared: Sequence[tuple[str, SelfComparison]]) -> str:
    """The mean share over arms in which a difference was called that is not there, as text.

    Args:
        compared: from `self_comparisons`.
    """
    summary = summarise([100 * result.found_without for _, result in compared])
    if summary.interval is None:
        return f"{summary.mean:.1f} %"
    low, high = summary.interval.ends
    return f"{summary.mean:.1f} % (95 % interval over arms {max(0.0, low):.1f} to {high:.1f})"
