"""Test whether a network uses the position of an image to classify it."""

from __future__ import annotations

import keras
import numpy as np

from convbias.data.variants import corner_data
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import compiled


def location_test(
    network: keras.Model, similar: np.ndarray, dissimilar: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Accuracy with each class at its place in training and at the other class's place.

    After Kayhan and van Gemert 2020 (arXiv 2003.07064, "On Translation Invariance in CNNs", the
    red-green data): the same images twice, at two places. A network that ignores position gives
    the same class to both, and the gap is 0; one that uses position alone is always right and then
    always wrong, and the gap is 1. `convbias.data.location` makes the images.

    Args:
        network: Gives a score per class. It was trained with every class at its own place only;
            the control was trained with both classes at both places and must show no gap on
            average over seeds. A single control shows a gap where the images say nothing about the
            class and it guesses by place.
        similar: uint8 (n, height, width, channels), each image at its class's place.
        dissimilar: uint8 (n, height, width, channels), the same images at the other place.
        labels: int (n,), 0 and 1.

    Returns:
        `accuracy_similar`, `accuracy_dissimilar`, `location_gap` (the first minus the second) and
        `answers_kept` (share of the images that get the same answer at both places).
    """
    scores = compiled(network)
    here, there = (scores(images).argmax(axis=1) for images in (similar, dissimilar))
    right_here, right_there = float((here == labels).mean()), float((there == labels).mean())
    return {
        "accuracy_similar": right_here,
        "accuracy_dissimilar": right_there,
        "location_gap": right_here - right_there,
        "answers_kept": float((here == there).mean()),
    }


def measure(subject: Subject) -> MeasureValues:
    """Test a trained network on the test images at both places.

    Args:
        subject: A network that was trained on a data variant with corners.

    Returns:
        The numbers of `location_test`.
    """
    made = corner_data(subject.source, subject.arm.data)
    found = location_test(subject.network, made.similar, made.dissimilar, made.test_labels)
    return MeasureValues(found, images=len(made.test_labels))
