"""Contrasts in words, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable

from convbias.spec.arms import DataVariant
from convbias.spec.experiment import PlannedContrast
from convbias.spec.formatting import counted, p_value_text
from convbias.statistics import Contrast


def how_many_seeds(counts: Iterable[int]) -> str:
    """The number of seeds behind several means, from the fewest to the most.

    Example:
        >>> how_many_seeds([1]), how_many_seeds([3, 3]), how_many_seeds([5, 2, 3])
        ('1 seed', '3 seeds', '2–5 seeds')
    """
    known = sorted(counts)
    ends = "–".join(str(count) for count in dict.fromkeys((known[0], known[-1])))
    return f"{ends} seed" + ("" if known[-1] == 1 else "s")


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
    quantity = planned.quantity
    comparative = "higher" if result.difference > 0 else "lower"
    brackets = evidence(result, scale=quantity.scale, digits=quantity.digits)
    observed = f"{quantity.amount(result.difference, '+')} ({brackets})"
    matters = quantity.amount(result.margin)
    match result.verdict:
        case "better" | "worse":
            return (
                f"{planned.treatment} has a {comparative} {quantity.noun} than {planned.baseline}:"
                f" {observed}."
            )
        case "equivalent":
            shown = (
                "is shown to differ from zero, but also"
                if result.different
                else "is not shown to differ from zero, and is shown"
            )
            return (
                f"{arms} are equivalent in {quantity.noun}: the observed {observed} {shown} to be"
                f" less than the {matters} that would matter."
            )
        case "undecided":
            return (
                f"It is undecided whether {arms} differ in {quantity.noun}: the observed {observed}"
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
    parts.append(counted(result.n, "seed pair"))
    kind = f"{correction}-corrected " if result.comparisons > 1 else ""
    p_value = result.adjusted_p_value
    if result.verdict == "equivalent" and result.adjusted_equivalence_p_value is not None:
        kind += "equivalence "
        p_value = result.adjusted_equivalence_p_value
    text = p_value_text(p_value)
    parts.append(f"{kind}p {text if text.startswith('<') else f'= {text}'}")
    return ", ".join(parts)
