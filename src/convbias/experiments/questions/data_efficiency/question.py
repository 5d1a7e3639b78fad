"""Data efficiency: both networks on nested subsets, with the same number of steps."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY

SIZES = (100, 300, 1_000, 3_000, 10_000, 30_000, 54_000)
MODELS = (Dense(), Convolutional(kernel_size=3))


def condition_name(model: str, images: int) -> str:
    """What a condition is called.

    Example:
        >>> condition_name("dense", 3_000)
        'dense on 3,000 images'
    """
    return f"{model} on {images:,} images"


EXPERIMENT = Experiment(
    name="data-efficiency",
    title="Data efficiency: images needed for equal accuracy",
    question=(
        "How many times as many images does the dense network need to be as accurate as the CNN?"
        " Both are trained on nested subsets, with equally many steps on each."
    ),
    conditions=tuple(
        Condition(condition_name(model.name, images), model, {"training_images": images})
        for model in MODELS
        for images in SIZES
    ),
    contrasts=tuple(
        PlannedContrast(
            name=f"cnn-over-dense-with-{images}-images",
            question=f"Is the CNN more accurate than the dense network with {images:,} images?",
            treatment=condition_name("cnn-3x3", images),
            baseline=condition_name("dense", images),
            quantity=TEST_ACCURACY,
        )
        for images in (100, 1_000, 10_000)
    ),
    control=(
        "Subsets are nested, classes keep their proportions, and all arms take the same number of"
        " steps; two identical arms have a ratio of 1."
    ),
    not_shown=(
        "The learning rates and the length of the training were chosen on all training images:"
        " with few images, other values might be better for either network. Nothing is"
        " extrapolated beyond the largest subset."
    ),
    short_question="how many times as many images does the dense network need?",
    short_control="ratio of a network to itself: 1",
    positive_control=PositiveControl(
        because="ten times as many images must make the CNN more accurate",
        treatment=condition_name("cnn-3x3", 10_000),
        baseline=condition_name("cnn-3x3", 1_000),
        quantity=TEST_ACCURACY,
    ),
)
