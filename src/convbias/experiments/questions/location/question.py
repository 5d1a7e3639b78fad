"""Position: whether a network with a global average still uses the position of an object."""

from __future__ import annotations

from convbias.experiments.canvas import canvas_of
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import share

ELSEWHERE = share("accuracy_dissimilar", "accuracy at the other class's position", margin=0.01)


def _classes(described: DatasetDescription) -> str:
    """What is in one corner, and what in the other."""
    first, second = "images of the largest class", "those of the next largest"
    if described.corner_classes is not None:
        names = (described.class_names[label] for label in described.corner_classes)
        first, second = (f"{name.lower()}s" for name in names)
    return f"{first} are in one corner of the canvas and {second}"


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    canvas = canvas_of(described)
    tied = {"canvas": canvas, "corners": "tied"}
    free = {"canvas": canvas, "corners": "free"}
    patches = {**tied, "stimuli": "patches"}
    return Experiment(
        name="location",
        title="Does a global average discard position?",
        question=(
            f"In training, {_classes(described)} in the other; in the test they exchange corners. A"
            " network that uses the appearance is as accurate as before; one that uses the position"
            " is nearly always wrong."
        ),
        conditions=(
            Condition("dense", Dense(), tied),
            Condition("cnn with flatten", Convolutional(head="flatten"), tied),
            Condition("cnn", Convolutional(), tied),
            Condition("circular cnn", Convolutional(padding="circular"), tied),
            Condition("cnn trained in both corners", Convolutional(), free),
            Condition("cnn on patches", Convolutional(), patches),
            Condition("circular cnn on patches", Convolutional(padding="circular"), patches),
        ),
        contrasts=(
            PlannedContrast(
                name="averaging-forgets-more-than-flattening",
                question=(
                    "Does a CNN with a global average rely less on position than one with"
                    " flattening?"
                ),
                treatment="cnn",
                baseline="cnn with flatten",
                quantity=ELSEWHERE,
            ),
            PlannedContrast(
                name="averaging-forgets-all",
                question="Is the CNN as good as if it had been trained in both corners?",
                treatment="cnn",
                baseline="cnn trained in both corners",
                quantity=ELSEWHERE,
            ),
            PlannedContrast(
                name="circular-padding-forgets-more",
                question=(
                    "Does the CNN rely less on position with circular padding, which hides the"
                    " frame?"
                ),
                treatment="circular cnn",
                baseline="cnn",
                quantity=ELSEWHERE,
            ),
        ),
        control=(
            "Only their position shows the class of patches of noise: a circular network with two"
            " poolings and a global average gives both patches of a pair the same answer, so"
            " exactly half are correct."
        ),
        measures=("location_test",),
        not_shown=(
            "Only two classes and two positions. A network that can use the position need not do so"
            " where the appearance is more informative; that depends on how difficult the classes"
            " are."
        ),
        short_question="does a global average discard position?",
        short_control="patches of noise: exactly half correct",
        positive_control=PositiveControl(
            because="who has seen both classes in both corners must be right more often",
            treatment="cnn trained in both corners",
            baseline="cnn with flatten",
            quantity=ELSEWHERE,
        ),
    )
