"""Contrasts in words: accuracy in percentage points, loss in nats, each with its evidence."""

from __future__ import annotations

from convbias.config import DataVariant
from convbias.experiments.base import PlannedContrast, Quantity
from convbias.statistics import Contrast


def amount(value: float, quantity: Quantity, sign: str = "") -> str:
    """Write a difference in the unit that is read: percentage points, or nats.

    Args:
        value: In the unit of the runs: 0 to 1, or nats.
        quantity: What the value is a difference of.
        sign: "+" to write a plus sign too.

    Example:
        >>> amount(0.0321, "test_accuracy", "+"), amount(0.01, "test_loss")
        ('+3.21 percentage points', '0.010 nats')
    """
    if quantity == "test_accuracy":
        return f"{100 * value:{sign}z.2f} percentage points"
    return f"{value:{sign}z.3f} nats"


def where(data: DataVariant | None) -> str:
    """What a sentence starts with when it does not speak of the whole of Fashion-MNIST.

    Args:
        data: What the arms trained on; None where they have no runs.

    Example:
        >>> where(DataVariant(training_images=1_000))
        'With 1,000 images to train on: '
    """
    if data is None or (data.dataset == "fashion-mnist" and data.training_images is None):
        return ""
    images = "drawn images" if data.dataset == "drawn" else "images"
    if data.training_images is None:
        return f"On {images} instead of Fashion-MNIST: "
    return f"With {data.training_images:,} {images} to train on: "


def says(planned: PlannedContrast, result: Contrast) -> str:
    """Put an evaluated contrast into one sentence.

    Args:
        planned: What was asked.
        result: What came out.

    Returns:
        The sentence: a verdict with its numbers. What is undecided is said to be undecided, and
        why, but never that there is no difference.
    """
    arms = f"{planned.treatment} and {planned.baseline}"
    accuracy = planned.quantity == "test_accuracy"
    noun = "test accuracy" if accuracy else "test loss"
    comparative = "higher" if result.difference > 0 else "lower"
    scale, digits = (100, 2) if accuracy else (1, 3)
    brackets = evidence(result, scale=scale, digits=digits)
    observed = f"{amount(result.difference, planned.quantity, '+')} ({brackets})"
    matters = amount(result.margin, planned.quantity)
    match result.verdict:
        case "better" | "worse":
            return (
                f"{planned.treatment} has a {comparative} {noun} than {planned.baseline}:"
                f" {observed}."
            )
        case "equivalent":
            shown = (
                "is shown to differ from zero, but also"
                if result.different
                else "is not shown to differ from zero, and is shown"
            )
            return (
                f"{arms} are equivalent in {noun}: the observed {observed} {shown} to be less than"
                f" the {matters} that would matter."
            )
        case "undecided":
            return (
                f"It is undecided whether {arms} differ in {noun}: the observed {observed}"
                f" {_why_undecided(result, matters)}."
            )


def _why_undecided(result: Contrast, matters: str) -> str:
    if result.limit is None:
        return (
            f"shows neither a difference nor that it is less than the {matters} that would matter"
        )
    return f"cannot be told from chance, for which {result.fewest_pairs} seed pairs are needed"


def evidence(result: Contrast, *, scale: float, digits: int, correction: str = "Holm") -> str:
    """Interval, pairs and p-value of a contrast, as they stand in brackets behind its difference.

    Args:
        result: The contrast.
        scale: What the interval is multiplied by, for instance 100 for percentage points.
        digits: After the decimal point.
        correction: Whose correction the p-values have, where the contrast is one of several.
    """
    parts = []
    if result.interval is not None:
        low, high = (f"{scale * end:+z.{digits}f}" for end in result.interval.ends)
        parts.append(f"{100 * result.interval.confidence:g} % interval {low} to {high}")
    parts.append(f"{result.n} seed pair" + ("s" if result.n > 1 else ""))
    kind = f"{correction}-corrected " if result.comparisons > 1 else ""
    p_value = result.adjusted_p_value
    if result.verdict == "equivalent" and result.adjusted_equivalence_p_value is not None:
        kind += "equivalence "
        p_value = result.adjusted_equivalence_p_value
    parts.append(f"{kind}p {'< 0.001' if p_value < 0.001 else f'= {p_value:.3g}'}")
    return ", ".join(parts)
