"""The architecture's choices, one at a time."""

from __future__ import annotations

from convbias.spec.arms import Convolutional
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY

AS_BUILT = "as built"

# The change, the model, the question that it answers, and the claim that the answer decides.
_ALTERNATIVES: tuple[tuple[str, Convolutional, str, str | None], ...] = (
    (
        "1x1",
        Convolutional(kernel_size=1),
        "Is a 3x3 kernel more accurate than a 1x1?",
        "choices-3x3",
    ),
    ("5x5", Convolutional(kernel_size=5), "Is a 3x3 kernel more accurate than a 5x5?", None),
    (
        "strides",
        Convolutional(downsampling="stride"),
        "Is stride 1 with pooling more accurate than stride 2 without?",
        "choices-stride",
    ),
    (
        "valid padding",
        Convolutional(padding="valid"),
        "Is same padding more accurate than valid padding?",
        None,
    ),
    (
        "48-48 filters",
        Convolutional(filters=(48, 48)),
        "Are 32 filters and then 64 more accurate than 48 and 48?",
        "choices-filters",
    ),
    (
        "64-32 filters",
        Convolutional(filters=(64, 32)),
        "Are 32 filters and then 64 more accurate than 64 and 32?",
        "choices-filters",
    ),
    (
        "flatten",
        Convolutional(head="flatten"),
        "Is a global average more accurate than flattening, with 15 times the parameters?",
        "choices-pooling",
    ),
    (
        "flatten (matched)",  # 28,396 parameters against 28,426
        Convolutional(filters=(41, 4), head="flatten"),
        "Is a global average more accurate than flattening with equally many parameters?",
        "choices-pooling",
    ),
    (
        "no dropout",
        Convolutional(dropout=0),
        "Is dropout in the head more accurate than none?",
        None,
    ),
)

EXPERIMENT = Experiment(
    name="choices",
    title="The architecture's choices, one at a time",
    question="Which of the original CNN's choices make it more accurate than their alternatives?",
    conditions=(
        Condition(AS_BUILT, Convolutional()),
        *(Condition(name, model) for name, model, _, _ in _ALTERNATIVES),
    ),
    contrasts=tuple(
        PlannedContrast(
            name=f"as-built-over-{name.replace(' (', '-').replace(' ', '-').rstrip(')')}",
            question=question,
            treatment=AS_BUILT,
            baseline=name,
            quantity=TEST_ACCURACY,
            claim=claim,
        )
        for name, _, question, claim in _ALTERNATIVES
    ),
    control="Every network's parameter count equals the arithmetic done by hand.",
    not_shown=(
        "One choice is changed at a time, so combinations are not tested; and an alternative that"
        " is better after short training need not be better after longer training."
    ),
    short_question="what does each choice of the architecture contribute?",
    short_control="parameter counts by hand",
    positive_control=PositiveControl(
        because="1x1 kernels see no neighbouring pixels, so they must be less accurate",
        treatment=AS_BUILT,
        baseline="1x1",
        quantity=TEST_ACCURACY,
    ),
)
