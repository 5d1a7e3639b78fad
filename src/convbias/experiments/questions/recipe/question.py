"""The original comparison with the recipe that the original study may have used."""

from __future__ import annotations

from dataclasses import replace

from convbias.experiments.questions.original.question import experiment as original_on
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY
from convbias.spec.recipes import classic_contrast, classic_name


def _classic(contrast: PlannedContrast) -> PlannedContrast:
    return replace(
        contrast,
        name=classic_contrast(contrast.name),
        question=f"{contrast.question.removesuffix('?')}, with the classic recipe?",
        treatment=classic_name(contrast.treatment),
        baseline=classic_name(contrast.baseline),
        claim=None,
    )


def _tuned_over_classic(condition: str) -> PlannedContrast:
    return PlannedContrast(
        name=f"tuned-over-classic-{condition}",
        question=f"Does tuning the recipe make {condition} more accurate?",
        treatment=condition,
        baseline=classic_name(condition),
        quantity=TEST_ACCURACY,
    )


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    original = original_on(described)
    return Experiment(
        name="recipe",
        title="Recipe and architecture",
        question=(
            "The original study did not publish its training recipe. Are the results of its"
            " comparisons the same with Keras’ defaults as with a recipe that was searched for?"
        ),
        conditions=tuple(
            condition
            for model in original.models
            for condition in (
                Condition(model.name, model, recipe="tuned"),
                Condition(classic_name(model.name), model, recipe="classic"),
            )
        ),
        contrasts=(
            *(_classic(contrast) for contrast in original.contrasts),
            _tuned_over_classic("dense"),
            _tuned_over_classic("cnn-3x3"),
        ),
        control=(
            "A recipe does not change the network: with both, a model has the number of parameters"
            " that arithmetic by hand gives."
        ),
        not_shown=(
            "It is not shown that the original study trained like this: the defaults are a guess,"
            " and its number of epochs is unknown, too. Other recipes may give other results."
        ),
        short_question=(
            "the same with Keras' default recipe, which the original study may have used"
        ),
        short_control="parameter counts by hand",
        positive_control=PositiveControl(
            because=(
                "a learning rate that was searched for must make the dense network more accurate"
            ),
            treatment="dense",
            baseline=classic_name("dense"),
            quantity=TEST_ACCURACY,
        ),
    )
