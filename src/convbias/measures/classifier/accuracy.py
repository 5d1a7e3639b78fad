"""Accuracy, loss and calibration of any classifier."""

from __future__ import annotations

import numpy as np
from scipy import special

from convbias.measures.classifier.base import Found, LabelledImages, Score
from convbias.networks.adapters import Classifier
from convbias.spec.quantities import TEST_LOSS, Quantity, share
from convbias.statistics import Interval, error_by_chance, reliability
from convbias.statistics.reliability import BINS, resampled_errors

ACCURACY = share("accuracy", "accuracy", margin=0.005)
BRIER = Quantity(
    name="brier_score",
    noun="Brier score",
    unit="",
    long_unit="squared distance of the probabilities, 0 to 2",
    value_unit="squared distance",
    scale=1,
    digits=4,
    margin=0.005,
    higher_is_better=False,
)
CALIBRATION = share(
    "expected_calibration_error",
    f"expected calibration error ({BINS} bins)",
    margin=0.01,
    higher_is_better=False,
)
DRAWS = 200


def accuracy(classifier: Classifier, data: LabelledImages) -> Found:
    """Whether the most probable class is right, and whether the probabilities can be believed.

    Args:
        classifier: Any.
        data: Labelled images.

    Returns:
        `accuracy`; `loss`, the mean negative logarithm of the right class's probability (nats per
        image); `brier_score`, the mean squared distance of the probabilities from the right answer,
        0 to 2 (Brier 1950); and `expected_calibration_error` with 15 bins of equal width (Guo et
        al. 2017, arXiv 1706.04599), its interval by a bootstrap over images.
    """
    logits = classifier.logits(data.images).astype(np.float64)
    logarithms = special.log_softmax(logits, axis=1)
    probabilities = np.exp(logarithms)
    count = len(data.labels)
    true = np.arange(count), data.labels
    right = np.eye(probabilities.shape[1])[data.labels]
    correct = logits.argmax(axis=1) == data.labels
    stated = probabilities.max(axis=1)
    chance = float(np.quantile(error_by_chance(stated, draws=DRAWS), 0.95))
    error = reliability(stated, correct).expected_error
    return Found(
        scores=(
            Score.mean(ACCURACY, correct),
            Score.mean(TEST_LOSS, -logarithms[true]),
            Score.mean(BRIER, np.square(probabilities - right).sum(axis=1)),
            Score(CALIBRATION, error, interval=_bootstrap(stated, correct, error)),
        ),
        images=count,
        remark="A perfectly calibrated classifier with these probabilities shows an error of up to"
        " {} % by chance.",
        varying=f"{100 * chance:.2f}",
    )


def _bootstrap(stated: np.ndarray, correct: np.ndarray, found: float) -> Interval:
    """A basic bootstrap interval over images, which takes off the error that chance adds."""
    low, high = np.quantile(resampled_errors(stated, correct, DRAWS), [0.025, 0.975])
    return Interval(
        max(0.0, float(2 * found - high)),
        min(1.0, float(2 * found - low)),
        0.95,
        "basic bootstrap over images",
    )
