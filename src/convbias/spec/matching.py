"""Numbers of filters with which a network is as large as another one, or as costly."""

from __future__ import annotations

import math
from collections.abc import Callable

from convbias.spec.arms import Convolutional

MOST_FILTERS = 1024


def fitted(
    model: Convolutional, wanted: int, count: Callable[[Convolutional], int], within: float
) -> Convolutional | None:
    """A network of a size: itself where it has it, else with other numbers of filters.

    Args:
        model: The network.
        wanted: The size.
        count: As for `matched_filters`.
        within: As for `matched_filters`.

    Returns:
        None where no numbers of filters give such a size.
    """
    if abs(count(model) - wanted) <= within * wanted:
        return model
    filters = matched_filters(model, wanted, count, within)
    return None if filters is None else model.model_copy(update={"filters": filters})


def matched_filters(
    model: Convolutional, wanted: int, count: Callable[[Convolutional], int], within: float
) -> tuple[int, int] | None:
    """Numbers of filters of two convolutions that give a network a size.

    Of the pairs that do, the one whose second number is closest to twice the first, as in the
    original study's networks; of equally close ones the one whose size is closest.

    Args:
        model: The network; its own filters are ignored.
        wanted: The size.
        count: The size of a network. For a fixed number of filters of the first convolution it
            grows linearly with that of the second, as parameters and multiply-adds do.
        within: By which share of the wanted size the found one may differ from it.

    Returns:
        Filters of both convolutions; None where no pair has such a size.

    Example:
        >>> matched_filters(Convolutional(), 300, lambda model: 5 * sum(model.filters), within=0.01)
        (20, 40)
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for first in range(1, MOST_FILTERS + 1):
        one, two = (
            count(model.model_copy(update={"filters": (first, second)})) for second in (1, 2)
        )
        if one > wanted * (1 + within):
            break
        exact = 1 + (wanted - one) / (two - one)
        for second in {math.floor(exact), math.ceil(exact)}:
            difference = abs(one + (second - 1) * (two - one) - wanted) / wanted
            if 1 <= second <= MOST_FILTERS and difference <= within:
                distance = abs(math.log(second / (2 * first)))
                found[first, second] = (distance, difference)
    return min(found, key=found.__getitem__) if found else None
