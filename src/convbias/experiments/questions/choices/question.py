"""The architecture's choices, one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from convbias.spec.arithmetic import convolutions, parameters, weight_shapes
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DatasetDescription, Dimensions
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.matching import fitted
from convbias.spec.quantities import TEST_ACCURACY

AS_BUILT = "as built"

_MATCHED = Convolutional(filters=(41, 4), head="flatten")  # 28,396 parameters against 28,426
WITHIN = 0.01  # of these parameters


@dataclass(frozen=True)
class _Alternative:
    """A change of one choice, the question that it answers, and the claim that this decides."""

    name: str
    model: Convolutional
    question: str
    claim: str | None = None
    rate_of: Convolutional | None = None


def _size(model: Convolutional, dimensions: Dimensions) -> int:
    return parameters(weight_shapes(model, dimensions))


def _alternatives(dimensions: Dimensions) -> tuple[list[_Alternative], list[str]]:
    """The alternatives that networks of these dimensions have, and why others are left out."""
    as_built = _size(Convolutional(), dimensions)
    flattened = Convolutional(head="flatten")
    times = _size(flattened, dimensions) / as_built
    found = [
        _Alternative(
            "1x1",
            Convolutional(kernel_size=1),
            "Is a 3x3 kernel more accurate than a 1x1?",
            "choices-3x3",
        ),
        _Alternative(
            "5x5", Convolutional(kernel_size=5), "Is a 3x3 kernel more accurate than a 5x5?"
        ),
        _Alternative(
            "strides",
            Convolutional(downsampling="stride"),
            "Is stride 1 with pooling more accurate than stride 2 without?",
            "choices-stride",
        ),
        _Alternative(
            "48-48 filters",
            Convolutional(filters=(48, 48)),
            "Are 32 filters and then 64 more accurate than 48 and 48?",
            "choices-filters",
        ),
        _Alternative(
            "64-32 filters",
            Convolutional(filters=(64, 32)),
            "Are 32 filters and then 64 more accurate than 64 and 32?",
            "choices-filters",
        ),
        _Alternative(
            "flatten",
            flattened,
            f"Is a global average more accurate than flattening, with {times:.2g} times the"
            " parameters?",
            "choices-pooling",
        ),
        _Alternative(
            "no dropout",
            Convolutional(dropout=0),
            "Is dropout in the head more accurate than none?",
        ),
    ]
    left_out = []
    valid = Convolutional(padding="valid")
    if all(each.side_after > 0 for each in convolutions(valid, dimensions)):
        question = "Is same padding more accurate than valid padding?"
        found.insert(3, _Alternative("valid padding", valid, question))
    else:
        left_out.append(
            f"Valid padding: of {dimensions.side} pixels per side it leaves none after two"
            " convolutions and poolings."
        )
    matched = fitted(_MATCHED, as_built, lambda model: _size(model, dimensions), WITHIN)
    if matched is not None:
        question = "Is a global average more accurate than flattening with equally many parameters?"
        found.insert(
            -1, _Alternative("flatten (matched)", matched, question, "choices-pooling", _MATCHED)
        )
    else:
        left_out.append(
            "Flattening with as many parameters as the network as built: no numbers of filters"
            " give it."
        )
    return found, left_out


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    alternatives, left_out = _alternatives(described.dimensions)
    return Experiment(
        name="choices",
        title="The architecture's choices, one at a time",
        question=(
            "Which of the original CNN's choices make it more accurate than their alternatives?"
        ),
        conditions=(
            Condition(AS_BUILT, Convolutional()),
            *(Condition(each.name, each.model, rate_of=each.rate_of) for each in alternatives),
        ),
        contrasts=tuple(
            PlannedContrast(
                name=f"as-built-over-{_in_a_name(each.name)}",
                question=each.question,
                treatment=AS_BUILT,
                baseline=each.name,
                quantity=TEST_ACCURACY,
                claim=each.claim,
            )
            for each in alternatives
        ),
        control="Every network's parameter count equals the arithmetic done by hand.",
        not_shown=(
            "One choice is changed at a time, so combinations are not tested; and an alternative"
            " that is better after short training need not be better after longer training."
        ),
        short_question="what does each choice of the architecture contribute?",
        short_control="parameter counts by hand",
        positive_control=PositiveControl(
            because="1x1 kernels see no neighbouring pixels, so they must be less accurate",
            treatment=AS_BUILT,
            baseline="1x1",
            quantity=TEST_ACCURACY,
        ),
        left_out=tuple(left_out),
    )


def _in_a_name(alternative: str) -> str:
    return alternative.replace(" (", "-").replace(" ", "-").rstrip(")")
