"""The effective receptive field: how much of its theoretical field a unit uses."""

from __future__ import annotations

from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Experiment, PlannedContrast, PositiveControl, conditions_of
from convbias.spec.quantities import Quantity

KERNEL_SIZES = (3, 5, 7)


def theoretical_side(kernel_size: int) -> int:
    """Pixels per side that a unit sees after two convolutions, each with a 2 x 2 pooling.

    By hand: a convolution adds k - 1 pixels and the pooling 1; the second ones twice as many,
    because the first pooling halves the map.

    Example:
        >>> [theoretical_side(size) for size in (3, 5, 7)]
        [10, 16, 22]
    """
    return 1 + (kernel_size - 1) + 1 + 2 * (kernel_size - 1) + 2


_MODELS = tuple(Convolutional(kernel_size=size) for size in KERNEL_SIZES)

HALF_SIDE = Quantity(
    name="effective_field_50",
    noun="side of the square that holds half of the gradient",
    unit="pixels",
    long_unit="pixels",
    value_unit="pixels",
    scale=1,
    digits=1,
    margin=0.5,
)


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    largest = theoretical_side(KERNEL_SIZES[-1])
    cut = (
        f" Fields wider than the {described.side} pixels of an image are cut at its frame."
        if largest > described.side
        else ""
    )
    return Experiment(
        name="receptive-field",
        title="Theoretical and effective receptive field",
        question=(
            "Two convolutions with poolings can see squares of 10, 16 and 22 pixels with kernels of"
            " 3, 5 and 7. How much of these squares matters to a unit, before and after training?"
        ),
        conditions=conditions_of(_MODELS),
        contrasts=tuple(
            PlannedContrast(
                name=f"field-of-{larger}x{larger}-over-{smaller}x{smaller}",
                question=f"Does {larger}x{larger} use a larger square than {smaller}x{smaller}?",
                treatment=f"cnn-{larger}x{larger}",
                baseline=f"cnn-{smaller}x{smaller}",
                quantity=HALF_SIDE,
            )
            for smaller, larger in ((3, 5), (5, 7))
        ),
        control=(
            "No gradient lies outside the theoretical square, and a network with constant kernels"
            " has the field that is computed by hand."
        ),
        measures=("receptive_field",),
        not_shown=(
            "A gradient shows the effect of a small change, not what a decision is based on. The"
            " field is that of a unit before the global average; the answer itself depends on every"
            f" pixel.{cut}"
        ),
        short_question="how much of its receptive field does a unit use?",
        short_control="no gradient outside the theoretical square",
        positive_control=PositiveControl(
            because="the largest kernels must have a larger field than the smallest",
            treatment="cnn-7x7",
            baseline="cnn-3x3",
            quantity=HALF_SIDE,
        ),
    )
