"""Kernel size on its own: at equal width, parameters, multiply-adds or field of view."""

from __future__ import annotations

from collections.abc import Callable, Collection

from convbias.spec.arithmetic import multiply_adds, parameters, weight_shapes
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DatasetDescription, Dimensions
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.matching import fitted
from convbias.spec.quantities import TEST_ACCURACY

BASE = "3x3"
FILTERS = (32, 64)

# Filters of both layers by kernel size. On Fashion-MNIST parameters are within 1.5 % of the 28,426
# of the 3x3 CNN, and multiply-adds of the two convolutions within 1 % of its 3,838,464 per image.
# Where they are not for other images, other filters are taken.
MATCHED_FILTERS: dict[str, dict[int, tuple[int, int]]] = {
    "equal width": {1: FILTERS, 5: FILTERS, 7: FILTERS, 9: FILTERS},
    "equal parameters": {1: (68, 136), 5: (20, 42), 7: (15, 30), 9: (12, 24)},
    "equal multiply-adds": {1: (98, 196), 5: (19, 37), 7: (13, 27), 9: (10, 20)},
}
WITHIN = {"equal parameters": 0.015, "equal multiply-adds": 0.01}

SIZES = (1, 3, 5, 7, 9)

# A 3x3 kernel of dilation d sees as far as one of 2 d + 1 pixels per side.
DILATIONS = (2, 3, 4)


def condition_name(size: int, matching: str) -> str:
    """What a condition is called.

    Example:
        >>> condition_name(5, "equal width"), condition_name(3, "equal width")
        ('5x5 at equal width', '3x3')
    """
    return BASE if size == 3 else f"{size}x{size} at {matching}"


def dilated_name(dilation: int) -> str:
    """What the dilated 3x3 CNN is called.

    Example:
        >>> dilated_name(2)
        '3x3 spread over 5x5'
    """
    side = 2 * dilation + 1
    return f"3x3 spread over {side}x{side}"


def sizes_of(described: DatasetDescription) -> tuple[int, ...]:
    """The kernel sizes that are smaller than the images.

    Every weight of such a kernel meets some pixel, after the first pooling, too.

    Args:
        described: The data set.
    """
    return tuple(size for size in SIZES if size < described.side)


def dilations_of(described: DatasetDescription) -> tuple[int, ...]:
    """The dilations with which a 3x3 kernel spans less than the images.

    Args:
        described: The data set.
    """
    return tuple(each for each in DILATIONS if 2 * each + 1 < described.side)


def _at(matching: str, size: int, dimensions: Dimensions) -> Convolutional | None:
    """The network of a kernel size with one quantity held equal; None where there is none."""
    published = Convolutional(kernel_size=size, filters=MATCHED_FILTERS[matching][size])
    counts: dict[str, Callable[[Convolutional], int]] = {
        "equal parameters": lambda model: parameters(weight_shapes(model, dimensions)),
        "equal multiply-adds": lambda model: multiply_adds(model, dimensions),
    }
    if matching not in counts:
        return published
    count = counts[matching]
    return fitted(published, count(Convolutional()), count, WITHIN[matching])


def _conditions(described: DatasetDescription) -> tuple[list[Condition], list[str]]:
    """The conditions of a data set, and why others are left out."""
    conditions, left_out = [Condition(BASE, Convolutional())], []
    sizes = sizes_of(described)
    for matching, by_size in MATCHED_FILTERS.items():
        for size, filters in by_size.items():
            if size not in sizes:
                continue
            name, published = (
                condition_name(size, matching),
                Convolutional(kernel_size=size, filters=filters),
            )
            model = _at(matching, size, described.dimensions)
            if model is None:
                left_out.append(f"{name}: no numbers of filters give it.")
            else:
                conditions.append(Condition(name, model, rate_of=published))
    conditions += [
        Condition(dilated_name(dilation), Convolutional(dilation=dilation))
        for dilation in dilations_of(described)
    ]
    wider = [f"{size}x{size}" for size in SIZES if size not in sizes]
    if wider:
        left_out.append(
            f"Kernels of {', '.join(wider)}, spread out or not, are wider than the"
            f" {described.side} pixels of the images."
        )
    return conditions, left_out


def _contrasts(names: Collection[str]) -> tuple[PlannedContrast, ...]:
    against = [
        (f"5x5-over-{size}x{size}-at-{matching.replace(' ', '-')}", matching, size)
        for matching in MATCHED_FILTERS
        for size in (3, 7)
    ]
    at_equal = tuple(
        PlannedContrast(
            name=name,
            question=f"At {matching}, is a 5x5 kernel more accurate than a {size}x{size}?",
            treatment=condition_name(5, matching),
            baseline=condition_name(size, matching),
            quantity=TEST_ACCURACY,
        )
        for name, matching, size in against
    )
    dense_field = PlannedContrast(
        name="5x5-over-dilated-3x3",
        question="Is a 5x5 kernel more accurate than a 3x3 kernel spread over the same square?",
        treatment=condition_name(5, "equal width"),
        baseline=dilated_name(2),
        quantity=TEST_ACCURACY,
    )
    planned = (*at_equal, dense_field)
    return tuple(each for each in planned if {each.treatment, each.baseline} <= set(names))


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    side = described.side
    conditions, left_out = _conditions(described)
    return Experiment(
        name="kernel-size",
        title="Kernel size without confounders",
        question=(
            "Is 5x5 the best kernel size? A larger kernel brings more parameters, more arithmetic"
            " and a larger field of view; here each of these is held equal in turn."
        ),
        conditions=tuple(conditions),
        contrasts=_contrasts([each.name for each in conditions]),
        control=(
            "Where they are said to be equal, parameters are equal to within 1.5 % and"
            " multiply-adds to within 1 %, counted by arithmetic from the layers."
        ),
        not_shown=(
            "Only the learning rate was searched for each network, with equal budgets; and the best"
            f" size for images of {side} x {side} pixels need not be the best for larger images."
        ),
        short_question="1x1 to 9x9 at equal width, parameters, arithmetic or field: which is best?",
        short_control="counts by arithmetic",
        positive_control=PositiveControl(
            because="1x1 kernels see no neighbouring pixels, so they must be less accurate",
            treatment=BASE,
            baseline=condition_name(1, "equal width"),
            quantity=TEST_ACCURACY,
        ),
        left_out=tuple(left_out),
    )
