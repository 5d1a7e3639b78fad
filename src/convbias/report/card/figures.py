"""The figures of a model card."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from convbias.data import Dataset
from convbias.figures import Figure, confusion
from convbias.figures.conditions import FigureText
from convbias.figures.single_network import accuracy_along, reliability_diagram
from convbias.report.card.contents import Estimate, ModelCard
from convbias.report.card.text import calibrated, falls
from convbias.runs.record import Run


def figures(card: ModelCard, run: Run, dataset: Dataset) -> dict[str, Figure]:
    """Draw the figures of a model card.

    Args:
        card: the card.
        run: the run whose predictions the confusion matrix counts.
        dataset: the data set of the run.

    Returns:
        Name in the card's template to figure.
    """
    remark = card.data.remark
    bins = pd.DataFrame(
        {
            "low": 100 * each.low,
            "high": 100 * each.high,
            "images": each.images,
            "confidence": 100 * each.confidence,
            "accuracy": 100 * each.accuracy.value,
            "accuracy_low": 100 * each.accuracy.low,
            "accuracy_high": 100 * each.accuracy.high,
        }
        for each in card.calibration.bins
        if each.confidence is not None and each.accuracy is not None
    )
    start = (0.0, card.accuracy)
    shifts = [start, *((each.pixels, each.accuracy) for each in card.shifts)]
    noise = [start, *((each.standard_deviation, each.accuracy) for each in card.noise)]
    return {
        "confusion": confusion(card.name, [run], dataset),
        "reliability": reliability_diagram(card.name, bins, calibrated(card), remark),
        "shift": accuracy_along(
            card.name,
            _table(shifts),
            "Shift (pixels)",
            FigureText("shift", f"{card.name} on shifted images", falls(shifts, "pixels")),
            remark,
        ),
        "noise": accuracy_along(
            card.name,
            _table(noise),
            "Standard deviation of the noise (grey values)",
            FigureText("noise", f"{card.name} on noisy images", falls(noise, "grey values")),
            remark,
        ),
    }


def _table(points: Iterable[tuple[float, Estimate]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "amount": amount,
            "accuracy": 100 * accuracy.value,
            "low": 100 * accuracy.low,
            "high": 100 * accuracy.high,
        }
        for amount, accuracy in points
    )
