"""All measures of any classifier, in the order of reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from convbias.measures.classifier.accuracy import accuracy
from convbias.measures.classifier.base import ClassifierMeasure, Found, LabelledImages
from convbias.measures.classifier.corruptions import block_sides, blocks, corruptions
from convbias.measures.classifier.layers import equivariance, receptive_field
from convbias.measures.classifier.lie import lie
from convbias.measures.classifier.places import places
from convbias.measures.classifier.shifts import largest_shift, shifts
from convbias.networks.adapters import Classifier

ALL = 1_000_000  # more than any test set has
MEASURES = (
    ClassifierMeasure(
        name="accuracy",
        title="Accuracy and calibration",
        images=ALL,
        passes=lambda _: 1,
        measure=accuracy,
        source="Guo et al. 2017, arXiv 1706.04599",
    ),
    ClassifierMeasure(
        name="shifts",
        title="Shifts",
        images=1_000,
        passes=lambda side: 2 * (1 + 8 * largest_shift(side)),
        measure=shifts,
        source="Zhang 2019, arXiv 1904.11486; Azulay and Weiss 2019, arXiv 1805.12177",
    ),
    ClassifierMeasure(
        name="corruptions",
        title="Corruptions",
        images=2_000,
        passes=lambda _: 17,
        measure=corruptions,
        source="Hendrycks and Dietterich 2019, arXiv 1903.12261",
    ),
    ClassifierMeasure(
        name="blocks",
        title="Shuffled blocks",
        images=2_000,
        passes=lambda side: 1 + len(block_sides(side)),
        measure=blocks,
        source="Brendel and Bethge 2019, arXiv 1904.00760",
    ),
    ClassifierMeasure(
        name="places",
        title="Location",
        images=2_000,
        passes=lambda _: 2,
        measure=places,
        source="Kayhan and van Gemert 2020, arXiv 2003.07064",
    ),
    ClassifierMeasure(
        name="lie",
        title="Lie derivative",
        images=500,
        passes=lambda _: 8,
        measure=lie,
        source="Gruver et al. 2022, arXiv 2210.02984",
    ),
    ClassifierMeasure(
        name="equivariance",
        title="Equivariance of the layers",
        images=200,
        passes=lambda _: 3,
        measure=equivariance,
        source="Gruver et al. 2022, arXiv 2210.02984",
    ),
    ClassifierMeasure(
        name="receptive_field",
        title="Receptive field",
        images=100,
        passes=lambda _: 65,
        measure=receptive_field,
        source="Luo et al. 2016, arXiv 1701.04128",
    ),
)


def with_images(images: int | None) -> tuple[ClassifierMeasure, ...]:
    """The measures, each on so many images at most.

    Args:
        images: None leaves each measure its own number.
    """
    if images is None:
        return MEASURES
    return tuple(replace(each, images=min(each.images, images)) for each in MEASURES)


def cost(images: int, side: int, most: int | None = None) -> dict[str, int]:
    """About how many forward passes of one image each measure takes.

    Args:
        images: How many there are.
        side: Their pixels per side.
        most: Images per measure at most; None leaves each measure its own number.

    Returns:
        Measure to forward passes.
    """
    return {each.name: min(each.images, images) * each.passes(side) for each in with_images(most)}


def measure_classifier(
    classifier: Classifier,
    data: LabelledImages,
    most: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Mapping[str, Found]:
    """Measure a classifier in every way that applies to it.

    Args:
        classifier: Any.
        data: Labelled images in random order; measures that would take long use the first ones.
        most: Images per measure at most; None leaves each measure its own number.
        progress: Called with the name of every measure when it is finished.

    Returns:
        Measure to what was found; one that does not apply says why.
    """
    found = {}
    for each in with_images(most):
        found[each.name] = each.measure(classifier, data.first(each.images))
        progress(each.name)
    return found
