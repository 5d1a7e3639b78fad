"""How fast any classifier's probabilities change when the image moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from convbias.errors import InputError
from convbias.measures.classifier.base import Found, LabelledImages, Score
from convbias.networks.adapters import Classifier
from convbias.networks.translation import velocity
from convbias.spec.quantities import Quantity

LIE_DERIVATIVE = Quantity(
    name="lie_derivative",
    noun="Lie derivative of the probabilities",
    unit="per squared pixel",
    long_unit="squared probability per squared pixel",
    value_unit="squared probability per squared pixel",
    scale=1,
    digits=6,
    margin=1e-4,
    higher_is_better=False,
)
STEP = 0.05  # pixels; half of it as well, which tells the error


def lie(classifier: Classifier, data: LabelledImages) -> Found:
    """Differentiate the probabilities along a circular translation of the image.

    See `convbias.measures.lie_derivative` (Gruver et al. 2022, arXiv 2210.02984). Exact where the
    framework gives gradients. Otherwise by central differences of a twentieth of a pixel, whose
    error is estimated by those of half the step.

    Args:
        classifier: Any.
        data: Images.

    Returns:
        `lie_derivative`: squared derivatives, averaged over classes and both directions.
    """
    pixels = data.images.astype(np.float32) / 255
    directions = [velocity(pixels, axis) for axis in (1, 2)]
    found, remark = _by_gradients(classifier, pixels, directions), "By the framework's gradients."
    if found is None:
        found, finer = (
            [_difference(classifier, pixels, each, step) for each in directions]
            for step in (STEP, STEP / 2)
        )
        coarse_value, fine_value = (np.square(each).mean() for each in (found, finer))
        error = abs(coarse_value - fine_value) / max(fine_value, 1e-30)
        found = finer
        remark = (
            f"By central differences of {STEP / 2:g} pixels, because there are no gradients of"
            f" {classifier.network.framework}; those of {STEP:g} pixels differ by"
            f" {100 * error:.1f} %."
        )
    squares = np.square(np.stack(found)).mean(axis=(0, 2))
    return Found((Score.mean(LIE_DERIVATIVE, squares),), len(squares), remark=remark)


def _by_gradients(
    classifier: Classifier, pixels: np.ndarray, directions: Sequence[np.ndarray]
) -> list[np.ndarray] | None:
    if not classifier.gradients:
        return None
    probabilities = special.softmax(classifier.logits(pixels).astype(np.float64), axis=1)
    try:
        logits = [classifier.derivative(pixels, each) for each in directions]
    except InputError:  # an operation without a derivative in forward mode
        return None
    return [_of_probabilities(probabilities, each) for each in logits]


def _of_probabilities(probabilities: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Derivatives of probabilities from those of the logits."""
    mean = (probabilities * logits).sum(axis=1, keepdims=True)
    return probabilities * (logits - mean)


def _difference(
    classifier: Classifier, pixels: np.ndarray, direction: np.ndarray, step: float
) -> np.ndarray:
    ahead, behind = (
        special.softmax(
            classifier.logits(pixels + np.float32(sign * step) * direction).astype(np.float64),
            axis=1,
        )
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * step)
