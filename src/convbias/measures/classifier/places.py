"""Whether any classifier's answer depends on where in the frame an object is."""

from __future__ import annotations

import numpy as np

from convbias.data.location import in_corners
from convbias.measures.classifier.base import Found, LabelledImages, Score
from convbias.networks.adapters import Classifier
from convbias.spec.quantities import share

KEPT = share("corner_answers_kept", "same answer in both corners", 0.01)
UPPER = share("accuracy_upper_left", "accuracy in the upper left corner", 0.01)
LOWER = share("accuracy_lower_right", "accuracy in the lower right corner", 0.01)


def halved(images: np.ndarray) -> np.ndarray:
    """Images of half the side, means of 2 x 2 pixels.

    Args:
        images: uint8 (n, side, side, channels), the side even.

    Returns:
        uint8 (n, side / 2, side / 2, channels), rounded.
    """
    # Sums of whole numbers are exact, and a tenth of the time of means over the short axes.
    rows = np.add(images[:, ::2], images[:, 1::2], dtype=np.uint16)
    return np.rint((rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)).astype(np.uint8)


def places(classifier: Classifier, data: LabelledImages) -> Found:
    """Show every image at half its size in two opposite corners of a black frame.

    A classifier that ignores position gives the same class in both corners (after Kayhan and van
    Gemert 2020, arXiv 2003.07064, whose networks are trained with classes tied to corners; here
    the network is taken as it is, so the answers kept say more than the accuracies).

    Args:
        classifier: Any.
        data: Labelled images of an even side.

    Returns:
        `corner_answers_kept`, `accuracy_upper_left` and `accuracy_lower_right`.
    """
    small = halved(data.images)
    count = len(small)
    upper, lower = (
        classifier.classes_of(in_corners(small, np.full(count, corner), data.side))
        for corner in (0, 1)
    )
    return Found(
        scores=(
            Score.mean(KEPT, upper == lower),
            Score.mean(UPPER, upper == data.labels),
            Score.mean(LOWER, lower == data.labels),
        ),
        images=count,
        remark="The images are shown at half their size, which the network may never have seen.",
    )
