"""What was measured of classifiers: means and intervals of each group, and contrasts of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convbias.errors import InputError
from convbias.measures.classifier import MEASURES, Found, Score
from convbias.spec.quantities import Quantity
from convbias.statistics import (
    Contrast,
    Interval,
    crossed_interval,
    holm_over,
    mean_interval,
    paired_contrast,
    wilson_interval,
)

# A group's networks, each with the name of a measure and what it found.
Group = Sequence[Mapping[str, Found]]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number of one group of networks.

    Args:
        mean: Over networks and images, in the stored unit.
        interval: Over images for one network, over networks and images where both are known; None
            for a number without one.
        networks: How many networks it is the mean of.
        single: Each network's number.
    """

    mean: float
    interval: Interval | None
    networks: int
    single: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """One number of all groups.

    Args:
        measure: Name of the measure that it belongs to.
        score: The number of the first network that has it: its quantity and place.
        estimates: Group to its estimate; groups that lack the number are left out.
        contrast: The first group minus the second; None where there is one group, or the number
            stands on a curve.
        over_images: Interval of that difference over images alone, for these networks: for one
            network on each side.
    """

    measure: str
    score: Score
    estimates: Mapping[str, Estimate]
    contrast: Contrast | None = None
    over_images: Interval | None = None

    @property
    def quantity(self) -> Quantity:
        """What the number is."""
        return self.score.quantity


def compare(groups: Mapping[str, Group]) -> list[Row]:
    """Estimate every number of one or two groups of networks, and contrast the two.

    Two groups are paired in the order in which their networks are given, as seeds are. All
    contrasts of numbers that do not stand on curves are one family (Holm's correction).

    Args:
        groups: One or two, by name; each at least one network.

    Returns:
        A row per number, in the order of the measures.

    Raises:
        InputError: There are more groups, or two of unequal size.
    """
    sizes = [len(each) for each in groups.values()]
    if not 1 <= len(sizes) <= 2 or 0 in sizes or len(set(sizes)) > 1:
        raise InputError(
            f"there are {' and '.join(map(str, sizes)) or 'no'} networks in {len(sizes)} groups",
            "one group, or two of as many networks each, which are paired in their order",
            "leave out those networks that have no partner",
        )
    rows = [
        _row(groups, measure.name, score)
        for measure in MEASURES
        for score in _scores(groups, measure.name).values()
    ]
    contrasted = [number for number, row in enumerate(rows) if row.contrast is not None]
    family = holm_over([row.contrast for row in rows if row.contrast is not None])
    for number, contrast in zip(contrasted, family, strict=True):
        row = rows[number]
        rows[number] = Row(row.measure, row.score, row.estimates, contrast, row.over_images)
    return rows


def _scores(groups: Mapping[str, Group], measure: str) -> dict[str, Score]:
    """One of each number that any network has, by name."""
    found: dict[str, Score] = {}
    for group in groups.values():
        for network in group:
            for score in network[measure].scores if measure in network else ():
                found.setdefault(score.quantity.name, score)
    return found


def _row(groups: Mapping[str, Group], measure: str, score: Score) -> Row:
    name = score.quantity.name
    of_groups = {
        group: [
            each
            for network in networks
            for each in network[measure].scores
            if each.quantity.name == name
        ]
        for group, networks in groups.items()
    }
    estimates = {group: estimate(each) for group, each in of_groups.items() if each}
    sides = list(of_groups.values())
    whole = all(
        len(each) == len(networks) for each, networks in zip(sides, groups.values(), strict=True)
    )
    if len(sides) < 2 or score.place is not None or not whole:
        return Row(measure, score, estimates)
    contrast, over_images = _contrast(score.quantity, *sides)
    return Row(measure, score, estimates, contrast, over_images)


def estimate(scores: Sequence[Score]) -> Estimate:
    """The mean of a number over networks, with an interval.

    Args:
        scores: One per network, at least one.

    Returns:
        The estimate. Its interval is over images for one network, over networks for two or for
        numbers that no image has, else over networks and images (crossed).
    """
    values = [each.value for each in scores]
    table = _table(scores)
    if len(scores) == 1:
        interval = scores[0].interval or (None if table is None else over_images(table[0]))
    elif len(scores) == 2 or table is None:
        interval = mean_interval(values)
    else:
        interval = crossed_interval(table, np.zeros_like(table))
    return Estimate(float(np.mean(values)), interval, len(values), tuple(values))


def over_images(per_image: np.ndarray) -> Interval | None:
    """The interval of a mean over images: Wilson's where each is right or wrong, else Student's t.

    Args:
        per_image: float or bool (n,).
    """
    values = np.asarray(per_image, dtype=np.float64)
    if np.isin(values, (0, 1)).all():
        return wilson_interval(int(values.sum()), len(values))
    return mean_interval(values)


def _table(scores: Sequence[Score]) -> np.ndarray | None:
    """float64 (networks, images), None where images have no such number."""
    rows = [each.per_image for each in scores if each.per_image is not None]
    return np.array(rows, dtype=np.float64) if len(rows) == len(scores) else None


def _contrast(
    quantity: Quantity, treatment: Sequence[Score], baseline: Sequence[Score]
) -> tuple[Contrast, Interval | None]:
    first, second = _table(treatment), _table(baseline)
    both = None if first is None or second is None else (first, second)
    contrast = paired_contrast(
        [each.value for each in treatment],
        [each.value for each in baseline],
        margin=quantity.margin,
        higher_is_better=quantity.higher_is_better,
        of_images=both,
    )
    if len(treatment) > 1 or both is None:
        return contrast, None
    return contrast, mean_interval(both[0][0] - both[1][0])
