"""Kernel size on its own: at equal width, parameters, multiply-adds or field of view."""

from __future__ import annotations

from convbias.spec.arms import Convolutional
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY

BASE = "3x3"
FILTERS = (32, 64)

# Filters of both layers by kernel size. Parameters are within 1.5 % of the 28,426 of the 3x3 CNN,
# multiply-adds of the two convolutions within 1 % of its 3,838,464 per image.
MATCHED_FILTERS: dict[str, dict[int, tuple[int, int]]] = {
    "equal width": {1: FILTERS, 5: FILTERS, 7: FILTERS, 9: FILTERS},
    "equal parameters": {1: (68, 136), 5: (20, 42), 7: (15, 30), 9: (12, 24)},
    "equal multiply-adds": {1: (98, 196), 5: (19, 37), 7: (13, 27), 9: (10, 20)},
}

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


def _contrasts() -> tuple[PlannedContrast, ...]:
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
    return (*at_equal, dense_field)


EXPERIMENT = Experiment(
    name="kernel-size",
    title="Kernel size without confounders",
    question=(
        "Is 5x5 the best kernel size? A larger kernel brings more parameters, more arithmetic and a"
        " larger field of view; here each of these is held equal in turn."
    ),
    conditions=(
        Condition(BASE, Convolutional()),
        *(
            Condition(
                condition_name(size, matching), Convolutional(kernel_size=size, filters=filters)
            )
            for matching, by_size in MATCHED_FILTERS.items()
            for size, filters in by_size.items()
        ),
        *(
            Condition(dilated_name(dilation), Convolutional(dilation=dilation))
            for dilation in DILATIONS
        ),
    ),
    contrasts=_contrasts(),
    control=(
        "Where they are said to be equal, parameters are equal to within 1.5 % and multiply-adds to"
        " within 1 %, counted by arithmetic from the layers."
    ),
    not_shown=(
        "Only the learning rate was searched for each network, with equal budgets; and the best"
        " size for images of 28 x 28 pixels need not be the best for larger images."
    ),
    short_question="1x1 to 9x9 at equal width, parameters, arithmetic or field: which is best?",
    short_control="counts by arithmetic",
    positive_control=PositiveControl(
        because="1x1 kernels see no neighbouring pixels, so they must be less accurate",
        treatment=BASE,
        baseline=condition_name(1, "equal width"),
        quantity=TEST_ACCURACY,
    ),
)
