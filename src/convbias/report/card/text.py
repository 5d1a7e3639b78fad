"""What a card says in sentences, and how it writes its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.findings.claims.base import FEW_EPOCHS
from convbias.report.card.contents import Estimate, ModelCard, OfClass, OverSeeds
from convbias.spec.quantities import Quantity

NOTHING = "–"


def share(value: float, digits: int = 2) -> str:
    """A share in percent.

    Example:
        >>> share(0.8942)
        '89.42 %'
    """
    return f"{100 * value:.{digits}f} %"


def estimate(found: Estimate | None, quantity: Quantity) -> str:
    """An estimate with its interval, in the quantity's unit.

    Example:
        >>> from convbias.spec.quantities import TEST_LOSS
        >>> found = Estimate(value=1, low=0.5, high=1.5, confidence=0.95, method="", images=9)
        >>> estimate(found, TEST_LOSS)
        '1.000 [0.500 to 1.500]'
    """
    if found is None:
        return NOTHING
    value, low, high = map(quantity.written, (found.value, found.low, found.high))
    return f"{value} [{low} to {high}]"


def over_seeds(found: OverSeeds, quantity: Quantity) -> str:
    """A mean over seeds with its interval; nothing where there is a single one."""
    if found.low is None or found.high is None:
        return NOTHING
    mean, low, high = map(quantity.written, (found.mean, found.low, found.high))
    return f"{mean} [{low} to {high}]"


def calibrated(card: ModelCard) -> str:
    """Whether the network is as certain as it may be, in sentences."""
    found = card.calibration
    told = f"The expected calibration error is {share(found.expected_error)}"
    usual = share(found.largest_error_by_chance)
    if found.expected_error <= found.largest_error_by_chance:
        return f"{told}, which chance alone shows of perfectly calibrated answers (up to {usual})."
    way = "more" if found.overconfidence > 0 else "less"
    return (
        f"{told}; chance alone seldom shows more than {usual}. On average the network is"
        f" {100 * abs(found.overconfidence):.2f} percentage points {way} certain than right."
    )


def falls(points: Sequence[tuple[float, Estimate]], unit: str) -> str:
    """From which accuracy to which, over the whole range of a change.

    Args:
        points: Amount and accuracy, from no change to the largest.
        unit: Of the amount.
    """
    (_, first), (amount, last) = points[0], points[-1]
    return f"Accuracy goes from {share(first.value)} to {share(last.value)} at {amount:g} {unit}."


def hardest(card: ModelCard) -> OfClass:
    """The class whose images are recognised least."""
    known = [each for each in card.of_classes if each.recall is not None]
    return min(known, key=lambda each: each.recall.value if each.recall else 1.0)


def limits(card: ModelCard) -> list[str]:
    """What a reader must know before relying on the network, from its own numbers."""
    worst, shift, noise = hardest(card), card.shifts[-1], card.noise[-1]
    told = []
    if card.data.dataset == "drawn":
        told.append(
            "**Trained and tested on garments that this program draws.** Nothing here says anything"
            " about Fashion-MNIST, let alone about photographs."
        )
    elif card.data.remark:
        told.append(f"Trained on {card.data.remark}.")
    if worst.recall:
        told.append(
            f"{worst.name} is recognised least: {share(worst.recall.value)} of its"
            f" {worst.images:,} test images."
        )
    if card.confusions:
        most = card.confusions[0]
        told.append(
            f"The most frequent mistake is {most.true} taken for {most.predicted}:"
            f" {share(most.share, 1)} of the true class."
        )
    told.append(calibrated(card))
    told.append(
        f"Garments elsewhere in the frame: moved by {shift.pixels} pixels,"
        f" {share(shift.accuracy.value)} are recognised instead of {share(card.accuracy.value)};"
        f" on average {share(1 - shift.brightness_kept, 1)} of an image's brightness has left the"
        " frame then, so what is lost is not the network's fault alone."
    )
    told.append(
        f"Noise: with a standard deviation of {noise.standard_deviation:g} grey values"
        f" {share(noise.accuracy.value)} are recognised."
    )
    if card.arm.recipe.epochs < FEW_EPOCHS:
        told.append(
            f"It was trained for {_count(card.arm.recipe.epochs, 'epoch')}; fewer than {FEW_EPOCHS}"
            " end far from where training would settle."
        )
    told.append(
        "Every image gets one of the classes, whatever it shows; a low probability is a hint, not a"
        " way to notice what is no garment."
    )
    told.append(
        "Intervals over test images say what chance in choosing them does. If this run was picked"
        " from several for its accuracy on these very images, that accuracy is too high."
    )
    return told


def trained(card: ModelCard) -> str:
    """How the network was trained, in a sentence."""
    recipe = card.arm.recipe
    images = sum(card.data.training)
    of_images = "" if recipe.images_per_epoch is None else f" of {recipe.images_per_epoch:,} images"
    schedule = (
        "constant"
        if recipe.schedule == "constant"
        else f"after a linear warm-up over {share(recipe.warmup_fraction, 0)} of the steps, then"
        " half a cosine down to 0"
    )
    pixels = "standardised" if recipe.standardised else "scaled to [0, 1]"
    return (
        f"{_count(recipe.epochs, 'epoch')}{of_images} over {images:,} training images with"
        f" {recipe.optimiser.capitalize()} in batches of {recipe.batch_size}, learning rate"
        f" {recipe.learning_rate:g}, {schedule}; pixels {pixels}; recipe `{recipe.name}`, seed"
        f" {card.seed}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
