"""Measure any networks on labelled images, and contrast two groups of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from convbias.data import Dataset
from convbias.errors import InputError
from convbias.figures.arms import dataset_remark
from convbias.figures.classifiers import figures_of
from convbias.figures.figure import Figure
from convbias.findings.classifiers import Group, Row, compare
from convbias.measures.classifier import LabelledImages, measure_classifier
from convbias.networks.adapters import Classifier, InputSettings, open_classifier
from convbias.spec.streams import Stream, generator


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured of one or two groups of networks.

    Args:
        classifiers: Group to its networks.
        found: Group to what each of its networks' measures found, in the same order.
        data: What the images are, in words.
    """

    classifiers: Mapping[str, Sequence[Classifier]]
    found: Mapping[str, Group]
    data: str

    @cached_property
    def rows(self) -> list[Row]:
        """Every number with its estimates and, of two groups, its contrast."""
        return compare(self.found)


def test_images(dataset: Dataset) -> LabelledImages:
    """The test images of a data set in an order that is random and always the same.

    Args:
        dataset: The data set.
    """
    order = generator(0, Stream.SUBSET).permutation(len(dataset.test_labels))
    labels = dataset.test_labels[order].astype(np.int64)
    return LabelledImages(dataset.test_images[order], labels)


def open_networks(
    networks: Any,  # noqa: ANN401 - of whichever framework
    dataset: Dataset,
    settings: InputSettings | None = None,
) -> list[Classifier]:
    """Open networks, and check their answers on some test images.

    Args:
        networks: One network, or a list or tuple of them, as `open_classifier` takes them.
        dataset: The images.
        settings: How all of them take images.

    Returns:
        The classifiers, in the same order.

    Raises:
        InputError: There is none, or one cannot be opened.
    """
    each_of = list(networks) if isinstance(networks, (list, tuple)) else [networks]
    if not each_of:
        raise InputError("there is no network", "at least one")
    data = test_images(dataset).first(64)
    classes = len(dataset.class_names)
    return [
        open_classifier(each, data.images, classes, settings, labels=data.labels)
        for each in each_of
    ]


def measure(
    networks: Any,  # noqa: ANN401 - of whichever framework
    dataset: Dataset,
    *,
    name: str = "networks",
    images: int | None = None,
    settings: InputSettings | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Measurement:
    """Measure one network, or several that are seeds of one arm, in every way that applies.

    Args:
        networks: A path of an `.onnx`, `.keras`, TorchScript (`.pt`) or `torch.export` (`.pt2`)
            file or of a SavedModel's folder, a `keras.Model`, a `torch.nn.Module`, a function from
            float32 (n, side, side, channels) in [0, 1] to (n, classes); or a list of such.
        dataset: From `convbias.load`; its test images are used.
        name: What tables call the networks.
        images: Test images per measure at most; None: all for accuracy, fewer for measures that
            take longer.
        settings: How the networks take images; by default found out.
        progress: Called with a measure's name when it is finished for a network.

    Returns:
        The measurement, with intervals over images for one network, over networks and images for
        three and more.

    Raises:
        InputError: A network cannot be opened, or does not classify these images.

    Source:
        Each measure names its own, see `convbias.measures.classifier.MEASURES`.

    Example:
        >>> import convbias
        >>> drawn = convbias.load("drawn")
        >>> def darkness(images):
        ...     return np.eye(10)[(10 * images.mean(axis=(1, 2, 3))).astype(int)]
        >>> found = convbias.measure(darkness, drawn, images=20)
        >>> [row.quantity.name for row in found.rows][0]
        'accuracy'
    """
    if images is not None and images < 2:
        raise InputError(f"{images} images are to be measured", "at least 2")
    opened = _numbered(open_networks(networks, dataset, settings))
    data = test_images(dataset)
    found = [measure_classifier(each, data, images, progress) for each in opened]
    remark = dataset_remark(dataset)
    words = f"{dataset.title}, test images"
    return Measurement({name: opened}, {name: found}, f"{words} ({remark})" if remark else words)


def _numbered(networks: Sequence[Classifier]) -> list[Classifier]:
    """Networks with numbers after names that several have."""
    counts = Counter(each.name for each in networks)
    seen: Counter[str] = Counter()
    named = []
    for each in networks:
        seen[each.name] += 1
        several = counts[each.name] > 1
        named.append(replace(each, name=f"{each.name} {seen[each.name]}") if several else each)
    return named


def contrast(first: Measurement, second: Measurement) -> Measurement:
    """Put two measurements side by side: the first minus the second, with intervals and tests.

    Args:
        first: Of one group of networks.
        second: Of another group of as many; the networks are paired in their order.

    Returns:
        A measurement of both groups.

    Raises:
        InputError: One of them has two groups already, or the groups differ in size or images.

    Source:
        Sign-flip test, crossed intervals, equivalence and Holm's correction: docs/method.md of the
        repository.

    Example:
        >>> import convbias
        >>> drawn = convbias.load("drawn")
        >>> def guess(images):
        ...     return np.tile(np.arange(10.0), (len(images), 1))
        >>> one, two = (convbias.measure(guess, drawn, name=name, images=20) for name in "ab")
        >>> convbias.contrast(one, two).rows[0].contrast.difference
        0.0
    """
    if len(first.found) != 1 or len(second.found) != 1 or first.data != second.data:
        raise InputError(
            "the two measurements are not of one group of networks each, on the same images",
            "two results of `measure` on one data set",
        )
    [one], [other] = first.found, second.found
    if one == other:
        one, other = f"{one} (first)", f"{other} (second)"
    found = {one: next(iter(first.found.values())), other: next(iter(second.found.values()))}
    opened = next(iter(first.classifiers.values())), next(iter(second.classifiers.values()))
    both = Measurement(dict(zip(found, opened, strict=True)), found, first.data)
    _ = both.rows  # raises where the groups do not fit each other
    return both


def draw(measurement: Measurement) -> list[Figure]:
    """Draw a figure for every measure that applies.

    Args:
        measurement: From `measure` or `contrast`.

    Returns:
        Figures, which have `svg()` and `png()`; a notebook shows them.

    Raises:
        InputError: The measurement has groups that do not fit each other.

    Source:
        Each measure names its own, see `convbias.measures.classifier.MEASURES`.

    Example:
        >>> import convbias
        >>> drawn = convbias.load("drawn")
        >>> def guess(images):
        ...     return np.tile(np.arange(10.0), (len(images), 1))
        >>> [figure.name for figure in convbias.draw(convbias.measure(guess, drawn, images=20))][:2]
        ['measure-accuracy', 'measure-shifts']
    """
    return figures_of(measurement.found, measurement.rows, measurement.data)
