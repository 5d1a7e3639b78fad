"""The arguments and results of the measures that any classifier can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from convbias.networks.adapters import Classifier
from convbias.spec.quantities import Quantity
from convbias.statistics import Interval


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images that a classifier is measured on.

    Args:
        images: uint8 (n, side, side, channels), in random order.
        labels: int (n,).
    """

    images: np.ndarray
    labels: np.ndarray

    def first(self, count: int) -> LabelledImages:
        """The first ones, as many as there are at most."""
        return LabelledImages(self.images[:count], self.labels[:count])

    @property
    def side(self) -> int:
        """Pixels per side."""
        return self.images.shape[1]


@dataclass(frozen=True, eq=False)
class Place:
    """Where a score stands on a curve.

    Args:
        curve: Name of the curve, such as `shift`.
        series: What the line is called where a curve has several, such as `blur`.
        at: Position on the horizontal axis, in words.
    """

    curve: str
    at: str
    series: str = ""


@dataclass(frozen=True, eq=False)
class Score:
    """One number of one classifier.

    Args:
        quantity: What it is; its name, unit and the difference that matters.
        value: The number, in the stored unit.
        per_image: float or bool (n,), what it is the mean of; None where it is none.
        interval: Over images, where it is no mean but has one.
        place: Where it stands on a curve; None for a number that is compared by itself.
    """

    quantity: Quantity
    value: float
    per_image: np.ndarray | None = None
    interval: Interval | None = None
    place: Place | None = None

    @classmethod
    def mean(cls, quantity: Quantity, per_image: np.ndarray, place: Place | None = None) -> Score:
        """The mean over images of a number that every image has.

        Args:
            quantity: What it is.
            per_image: float or bool (n,).
            place: Where it stands on a curve.
        """
        return cls(quantity, float(np.mean(per_image)), per_image, place=place)


@dataclass(frozen=True, eq=False)
class Found:
    """The result of one measure for one classifier.

    Args:
        scores: Its numbers; none where it does not apply.
        images: On how many images they were measured.
        picture: float (side, side), a map for a figure; None where there is none.
        remark: What must be said with it, in sentences; `{}` stands for `varying`.
        varying: A number of the remark that networks differ in, as text.
        reason: Why it does not apply, in words; None where it does.
    """

    scores: tuple[Score, ...] = ()
    images: int = 0
    picture: np.ndarray | None = None
    remark: str = ""
    varying: str = ""
    reason: str | None = None


@dataclass(frozen=True)
class ClassifierMeasure:
    """A measure that any classifier can have.

    Args:
        name: Its name in files.
        title: What tables and figures call it.
        images: How many are measured at most, where nothing else is asked for.
        passes: About how many forward passes it takes per image, given pixels per side.
        measure: From a classifier and images to what was found.
        source: Where it comes from.
    """

    name: str
    title: str
    images: int
    passes: Callable[[int], int] = field(repr=False)
    measure: Callable[[Classifier, LabelledImages], Found] = field(repr=False)
    source: str
