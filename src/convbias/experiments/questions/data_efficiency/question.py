"""Data efficiency: both networks on nested subsets, with the same number of steps."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import (
    Condition,
    Experiment,
    PlannedContrast,
    PositiveControl,
    UnsuitableError,
)
from convbias.spec.quantities import TEST_ACCURACY

SUBSETS = (100, 300, 1_000, 3_000, 10_000, 30_000)
COMPARED = (100, 1_000, 10_000)
MODELS = (Dense(), Convolutional(kernel_size=3))


def sizes_of(described: DatasetDescription) -> tuple[int, ...]:
    """Training images of the subsets, and of the whole training split.

    A subset has at least as many images as there are classes.

    Args:
        described: The data set.

    Example:
        >>> from convbias.spec.datasets import DATASETS
        >>> sizes_of(DATASETS["drawn"])
        (100, 300, 1000, 3000, 5400)
    """
    whole, classes = described.sizes[0], len(described.class_names)
    return (*(each for each in SUBSETS if classes <= each < whole), whole)


def condition_name(model: str, images: int) -> str:
    """What a condition is called.

    Example:
        >>> condition_name("dense", 3_000)
        'dense on 3,000 images'
    """
    return f"{model} on {images:,} images"


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.

    Raises:
        UnsuitableError: It has too few images to train on.
    """
    sizes = sizes_of(described)
    if len(sizes) < 2:
        fewest = next((each for each in SUBSETS if each >= len(described.class_names)), SUBSETS[-1])
        raise UnsuitableError(
            f"a subset of {described.title} of at least {fewest:,} images would be all of its"
            f" {described.sizes[0]:,} images to train on",
            f"more than {fewest:,} images to train on",
        )
    compared = [each for each in sizes if each in COMPARED] or [sizes[0]]
    few, many = (compared[-2], compared[-1]) if len(compared) > 1 else (sizes[0], sizes[-1])
    return Experiment(
        name="data-efficiency",
        title="Data efficiency: images needed for equal accuracy",
        question=(
            "How many times as many images does the dense network need to be as accurate as the"
            " CNN? Both are trained on nested subsets, with equally many steps on each."
        ),
        conditions=tuple(
            Condition(condition_name(model.name, images), model, {"training_images": images})
            for model in MODELS
            for images in sizes
        ),
        contrasts=tuple(
            PlannedContrast(
                name=f"cnn-over-dense-with-{images}-images",
                question=(
                    f"Is the CNN more accurate than the dense network with {images:,} images?"
                ),
                treatment=condition_name("cnn-3x3", images),
                baseline=condition_name("dense", images),
                quantity=TEST_ACCURACY,
            )
            for images in compared
        ),
        control=(
            "Subsets are nested, classes keep their proportions, and all arms take the same number"
            " of steps; two identical arms have a ratio of 1."
        ),
        not_shown=(
            "The learning rates and the length of the training were chosen on all training images:"
            " with few images, other values might be better for either network. Nothing is"
            " extrapolated beyond the largest subset."
        ),
        short_question="how many times as many images does the dense network need?",
        short_control="ratio of a network to itself: 1",
        positive_control=PositiveControl(
            because=(
                "ten times as many images must make the CNN more accurate"
                if many == 10 * few
                else f"{many:,} instead of {few:,} images must make the CNN more accurate"
            ),
            treatment=condition_name("cnn-3x3", many),
            baseline=condition_name("cnn-3x3", few),
            quantity=TEST_ACCURACY,
        ),
    )
