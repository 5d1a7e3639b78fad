"""Sentences and numbers of a model card."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.report.card.contents import Estimate, ModelCard, OfClass, OverSeeds
from convbias.spec.formatting import MISSING, counted, interval_text, percent
from convbias.spec.quantities import Quantity

_ENOUGH_EPOCHS = 10


def estimate(found: Estimate | None, quantity: Quantity) -> str:
    """Write an estimate with its interval.

    Args:
        found: the estimate, or None where there is none.
        quantity: its unit and digits.

    Example:
        >>> from convbias.spec.quantities import TEST_LOSS
        >>> found = Estimate(value=1, low=0.5, high=1.5, confidence=0.95, method="", images=9)
        >>> estimate(found, TEST_LOSS)
        '1.000 [0.500 to 1.500]'
    """
    if found is None:
        return MISSING
    return _with_interval(found.value, found.low, found.high, quantity)


def over_seeds(found: OverSeeds, quantity: Quantity) -> str:
    """Write a mean over seeds with its interval; a dash for a single seed."""
    if found.low is None or found.high is None:
        return MISSING
    return _with_interval(found.mean, found.low, found.high, quantity)


def _with_interval(value: float, low: float, high: float, quantity: Quantity) -> str:
    return f"{quantity.written(value)} [{interval_text((low, high), quantity.written)}]"


def calibrated(card: ModelCard) -> str:
    """Describe the calibration of the network."""
    found = card.calibration
    told = f"The expected calibration error is {percent(found.expected_error)}"
    usual = percent(found.largest_error_by_chance)
    if found.expected_error <= found.largest_error_by_chance:
        return f"{told}, which is within the range of perfectly calibrated predictions ({usual})."
    way = "over" if found.overconfidence > 0 else "under"
    return (
        f"{told}; perfectly calibrated predictions rarely exceed {usual}. On average the network is"
        f" {way}confident by {100 * abs(found.overconfidence):.2f} percentage points."
    )


def falls(points: Sequence[tuple[float, Estimate]], unit: str) -> str:
    """Describe the accuracy without and with the largest change.

    Args:
        points: amount and accuracy, from no change to the largest change.
        unit: unit of the amount.
    """
    (_, first), (amount, last) = points[0], points[-1]
    return (
        f"Accuracy changes from {percent(first.value)} to {percent(last.value)} at"
        f" {amount:g} {unit}."
    )


def hardest(card: ModelCard) -> OfClass:
    """The class with the lowest recall."""
    known = [each for each in card.of_classes if each.recall is not None]
    return min(known, key=lambda each: each.recall.value if each.recall else 1.0)


def limits(card: ModelCard) -> list[str]:
    """The limitations of the network, from its own numbers."""
    worst, shift, noise = hardest(card), card.shifts[-1], card.noise[-1]
    told = []
    if card.data.dataset == "drawn":
        told.append(
            "**Trained and tested on generated garments.** The results say nothing about"
            " Fashion-MNIST or photographs."
        )
    elif card.data.remark:
        told.append(f"Trained on {card.data.remark}.")
    if worst.recall:
        told.append(
            f"{worst.name} has the lowest recall: {percent(worst.recall.value)} of its"
            f" {worst.images:,} test images."
        )
    if card.confusions:
        most = card.confusions[0]
        told.append(
            f"Most frequent mistake: {most.true} predicted as {most.predicted}"
            f" ({percent(most.share, 1)} of the true class)."
        )
    told.append(calibrated(card))
    told.append(
        f"Shifts: on images shifted by {shift.pixels} pixels the accuracy is"
        f" {percent(shift.accuracy.value)} instead of {percent(card.accuracy.value)}; on average"
        f" {percent(1 - shift.brightness_kept, 1)} of an image's brightness is then outside the"
        " frame, which explains part of the decrease."
    )
    told.append(
        f"Noise: with a standard deviation of {noise.standard_deviation:g} grey values the accuracy"
        f" is {percent(noise.accuracy.value)}."
    )
    if card.arm.recipe.epochs < _ENOUGH_EPOCHS:
        told.append(
            f"Short training: {counted(card.arm.recipe.epochs, 'epoch')}; the networks of the"
            f" published study needed about {_ENOUGH_EPOCHS} to converge."
        )
    told.append(
        "Every image is assigned one of the classes, whatever it shows; a low probability does not"
        " reliably indicate an image of something else."
    )
    told.append(
        "Intervals over test images cover the random choice of these images only. If this run was"
        " selected from several by its test accuracy, that accuracy is biased upwards."
    )
    return told


def trained(card: ModelCard) -> str:
    """Describe the training in one sentence."""
    recipe = card.arm.recipe
    images = sum(card.data.training)
    of_images = "" if recipe.images_per_epoch is None else f" of {recipe.images_per_epoch:,} images"
    schedule = (
        "constant"
        if recipe.schedule == "constant"
        else f"after a linear warm-up over {percent(recipe.warmup_fraction, 0)} of the steps, then"
        " cosine decay to 0"
    )
    pixels = "standardised" if recipe.standardised else "scaled to [0, 1]"
    return (
        f"{counted(recipe.epochs, 'epoch')}{of_images} over {images:,} training images with"
        f" {recipe.optimiser.capitalize()} in batches of {recipe.batch_size}, learning rate"
        f" {recipe.learning_rate:g}, {schedule}; pixels {pixels}; recipe `{recipe.name}`, seed"
        f" {card.seed}."
    )
