"""Shape: whether networks answer by the silhouette or by the texture."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import (
    Experiment,
    PlannedContrast,
    PositiveControl,
    UnsuitableError,
    conditions_of,
)
from convbias.spec.quantities import share

SHAPE_BIAS = share("shape_bias", "shape bias", margin=0.02)
SILHOUETTES = share("silhouette_accuracy", "accuracy on silhouettes", margin=0.01)
TEXTURES = share("texture_accuracy", "accuracy on textures", margin=0.01)

DENSE, POINTWISE, CNN = Dense(), Convolutional(kernel_size=1), Convolutional()
FLATTENED, LARGEST = Convolutional(head="flatten"), Convolutional(kernel_size=7)


def _alike(described: DatasetDescription) -> str:
    """Which classes have the same silhouette, in a sentence, where that is known."""
    if not {"Shirt", "Coat", "Pullover"} <= set(described.class_names):
        return ""
    return " Shirts, coats and pullovers share one silhouette."


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.

    Raises:
        UnsuitableError: The images are coloured, or not on black.
    """
    thing = described.thing
    if described.channels != 1 or described.conversion != "light-on-black":
        raise UnsuitableError(
            f"silhouettes are cut out of a black ground, which {described.title} need not have",
            "grey images of light things on black",
        )
    return Experiment(
        name="shape",
        title="Shape: silhouette against texture",
        question=(
            f"When the silhouette of one {thing} is filled with the texture of another, which of"
            " the two do the networks name?"
        ),
        conditions=conditions_of(
            (DENSE, POINTWISE, CNN, FLATTENED, Convolutional(kernel_size=5), LARGEST)
        ),
        contrasts=(
            PlannedContrast(
                name="cnn-over-dense-in-shape-bias",
                question="Does the CNN go by the silhouette more often than the dense network?",
                treatment=CNN.name,
                baseline=DENSE.name,
                quantity=SHAPE_BIAS,
            ),
            PlannedContrast(
                name="7x7-over-3x3-in-shape-bias",
                question=(
                    "Does a larger kernel, which sees more of the outline, go by it more often?"
                ),
                treatment=LARGEST.name,
                baseline=CNN.name,
                quantity=SHAPE_BIAS,
            ),
            PlannedContrast(
                name="flatten-over-average-in-shape-bias",
                question=(
                    "Does the CNN go by the silhouette more often without the average over all"
                    " positions?"
                ),
                treatment=FLATTENED.name,
                baseline=CNN.name,
                quantity=SHAPE_BIAS,
            ),
            PlannedContrast(
                name="cnn-over-dense-on-silhouettes",
                question="Does the CNN recognise more plain silhouettes than the dense network?",
                treatment=CNN.name,
                baseline=DENSE.name,
                quantity=SILHOUETTES,
            ),
            PlannedContrast(
                name="cnn-over-dense-on-textures",
                question="Does the CNN recognise more textures without outline?",
                treatment=CNN.name,
                baseline=DENSE.name,
                quantity=TEXTURES,
            ),
            PlannedContrast(
                name="3x3-over-1x1-on-silhouettes",
                question=(
                    "Does the CNN recognise more silhouettes than with 1x1 kernels, which see no"
                    " outline?"
                ),
                treatment=CNN.name,
                baseline=POINTWISE.name,
                quantity=SILHOUETTES,
            ),
        ),
        control=(
            "Silhouettes filled with black are black images, which all get the same answer (an"
            f" identity). Cutting {described.kind} out must cost less than one percentage point of"
            " accuracy."
        ),
        measures=("shape",),
        not_shown=(
            "No network was trained on such images. A texture here is a square of 6 x 6 pixels with"
            " its grey: where textures alone are hardly recognised, a high shape bias also means"
            f" that they tell little.{_alike(described)} The intervals do not cover other test"
            " images."
        ),
        short_question=f"do networks go by a {thing}'s silhouette or by its texture?",
        short_control="black silhouettes: one answer; 1x1 kernels must see fewer silhouettes",
        positive_control=PositiveControl(
            because="1x1 kernels see no outline, so they must recognise fewer silhouettes",
            treatment=CNN.name,
            baseline=POINTWISE.name,
            quantity=SILHOUETTES,
        ),
    )
