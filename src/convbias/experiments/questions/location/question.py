"""Position: whether a network that averages over places still knows where things were."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.experiment import Condition, Experiment, PlannedContrast
from convbias.spec.quantities import share

CANVAS = 40  # pixels per side: the corners' places lie 12 pixels apart

ELSEWHERE = share("accuracy_dissimilar", "accuracy at the other class's place", margin=0.01)

_TIED = {"canvas": CANVAS, "corners": "tied"}
_FREE = {"canvas": CANVAS, "corners": "free"}
_PATCHES = {**_TIED, "stimuli": "patches"}

EXPERIMENT = Experiment(
    name="location",
    title="Does averaging over places forget the place?",
    question=(
        "Pullovers lie in one corner of the canvas and coats in the other while a network trains,"
        " and change places in the test. Who judges by the look does as well as before; who took"
        " the place for the class is wrong nearly always."
    ),
    conditions=(
        Condition("dense", Dense(), _TIED),
        Condition("cnn with flatten", Convolutional(head="flatten"), _TIED),
        Condition("cnn", Convolutional(), _TIED),
        Condition("circular cnn", Convolutional(padding="circular"), _TIED),
        Condition("cnn trained in both corners", Convolutional(), _FREE),
        Condition("cnn on patches", Convolutional(), _PATCHES),
        Condition("circular cnn on patches", Convolutional(padding="circular"), _PATCHES),
    ),
    contrasts=(
        PlannedContrast(
            name="averaging-forgets-more-than-flattening",
            question="Does averaging over places rely less on the place than flattening does?",
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
            question="Does the CNN rely less on the place when it sees no frame?",
            treatment="circular cnn",
            baseline="cnn",
            quantity=ELSEWHERE,
        ),
    ),
    control=(
        "Patches of noise say nothing about their class but by their place: a circular network with"
        " two poolings and a global average answers every pair alike, and is right on exactly half."
    ),
    measures=("location_test",),
    not_shown=(
        "Two classes and two places. A network that can know the place need not use it where the"
        " look tells more; how much it does depends on how hard the classes are."
    ),
    short_question="does a global average discard position?",
    short_control="patches of noise: exactly half correct",
)
