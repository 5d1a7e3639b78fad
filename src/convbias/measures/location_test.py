"""Whether a network took the place of things for their class, although it averages over places."""

from __future__ import annotations

import keras
import numpy as np

from convbias.data.variants import corner_data
from convbias.measures.base import Measured, Subject
from convbias.networks.forward import compiled


def location_test(
    network: keras.Model, similar: np.ndarray, dissimilar: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Accuracy with each class at its own place in training and at the other class's place.

    After Kayhan and van Gemert 2020 (arXiv 2003.07064, "On Translation Invariance in CNNs", the
    red-green data): the same images twice, at two places. A network that forgets position answers
    both alike, and the gap is 0; one that goes by position alone is always right and then always
    wrong, and the gap is 1. `convbias.data.location` makes the images.

    Args:
        network: Gives a score per class, trained with every class at its own place only; trained
            with both classes at both places, it is the control and must show no gap on average
            over seeds. A single one shows a gap where looks say nothing and it guesses by place.
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


def measure(subject: Subject) -> Measured:
    """Ask a trained network about the test images at both places.

    Args:
        subject: Trained on a data variant with corners.

    Returns:
        What `location_test` gives.
    """
    made = corner_data(subject.source, subject.arm.data)
    return Measured(location_test(subject.network, made.similar, made.dissimilar, made.test_labels))
