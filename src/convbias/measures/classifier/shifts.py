"""Consistency and accuracy of any classifier under shifts."""

from __future__ import annotations

import numpy as np

from convbias.data.transforms import shift_inside_frame
from convbias.measures.classifier.base import Found, LabelledImages, Place, Score
from convbias.measures.shift_consistency import answers_at_shifts
from convbias.networks.adapters import Classifier
from convbias.spec.quantities import share

LARGEST = 6  # pixels
CONSISTENCY = share("shift_consistency", "consistency under shifts", 0.01)
FLIPS = share(
    "one_pixel_flip_probability",
    "probability that one pixel changes the class",
    0.005,
    higher_is_better=False,
)
CIRCULAR = share("circular_shift_consistency", "consistency under circular shifts", 0.01)


def largest_shift(side: int) -> int:
    """The largest shift in pixels of images of so many pixels per side."""
    return max(1, min(LARGEST, side // 4))


def shifts(classifier: Classifier, data: LabelledImages) -> Found:
    """Whether an image gets the same class at every position.

    Every image is shifted along the axes and diagonals by up to six pixels, a quarter of its side
    at most. What leaves the frame is lost and black enters. Under circular shifts nothing is lost,
    so that a classifier whose every layer moves with the image is exactly consistent.

    Args:
        classifier: Any.
        data: Labelled images.

    Returns:
        `shift_consistency` (Zhang 2019, arXiv 1904.11486), `one_pixel_flip_probability` (Azulay
        and Weiss 2019, arXiv 1805.12177), `circular_shift_consistency` (Chaman and Dokmanic 2021,
        arXiv 2011.14214), and the accuracy at every distance.
    """
    largest, classes = largest_shift(data.side), classifier.dimensions.classes
    framed = answers_at_shifts(
        classifier.classes_of,
        lambda rows, columns: shift_inside_frame(data.images, rows, columns),
        data.labels,
        largest,
        classes,
    )
    circular = answers_at_shifts(
        classifier.classes_of,
        lambda rows, columns: np.roll(data.images, (rows, columns), axis=(1, 2)),
        data.labels,
        largest,
        classes,
    )
    distances = np.abs(framed.shifts).max(axis=1)
    right = framed.predicted == framed.labels
    curve = [
        Score.mean(
            share(f"accuracy_at_shift_{distance}", f"accuracy at a shift of {distance}", 0.01),
            right[distances == distance].mean(axis=0),
            Place("shift", str(distance)),
        )
        for distance in range(largest + 1)
    ]
    return Found(
        scores=(
            Score.mean(CONSISTENCY, framed.consistency),
            Score.mean(FLIPS, framed.one_pixel_flips),
            Score.mean(CIRCULAR, circular.consistency),
            *curve,
        ),
        images=len(data.labels),
        remark=f"By up to {largest} pixels; what leaves the frame is lost, and black enters.",
    )
