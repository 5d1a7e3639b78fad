"""Results as sentences, with intervals, numbers of seeds and p-values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from convbias.spec.arms import DataVariant
from convbias.spec.beyond.arms import Task
from convbias.spec.datasets import description_of, is_own
from convbias.spec.experiment import PlannedContrast
from convbias.spec.formatting import counted, p_value_text
from convbias.spec.quantities import Quantity
from convbias.statistics import Contrast, summarise


def how_many_seeds(counts: Iterable[int]) -> str:
    """The number of seeds behind several means, from the fewest to the most.

    Example:
        >>> how_many_seeds([1]), how_many_seeds([3, 3]), how_many_seeds([5, 2, 3])
        ('1 seed', '3 seeds', '2–5 seeds')
    """
    known = sorted(counts)
    ends = "–".join(str(count) for count in dict.fromkeys((known[0], known[-1])))
    return f"{ends} seed" + ("" if known[-1] == 1 else "s")


def mean_of(
    values: Iterable[float], scale: float, digits: int, unit: str = "", sign: str = ""
) -> str:
    """A mean with its 95 % interval and the number of seeds.

    Args:
        values: One per seed, at least one.
        scale: What they are multiplied by to be in the unit.
        digits: After the decimal point.
        unit: Behind the mean, where it has one.
        sign: "+" to write a plus sign too.

    Example:
        >>> mean_of([0.5, 0.52, 0.54], 100, 1, "%")
        '52.0 % (95 % interval 47.0 to 57.0, 3 seeds)'
        >>> mean_of([0.5], 1, 2, "pixels")
        '0.50 pixels (1 seed)'
    """
    summary = summarise([scale * value for value in values])
    parts = [how_many_seeds([summary.n])]
    if summary.interval is not None:
        low, high = (f"{end:{sign}z.{digits}f}" for end in summary.interval.ends)
        parts.insert(0, f"95 % interval {low} to {high}")
    mean = f"{summary.mean:{sign}z.{digits}f} {unit}".rstrip()
    return f"{mean} ({', '.join(parts)})"


def spreads(values: Mapping[str, Sequence[float]], digits: int) -> str:
    """Means and intervals of several conditions, for the end of a sentence.

    Args:
        values: Condition to its values, one per seed; at least one condition has any.
        digits: After the decimal point.

    Example:
        >>> spreads({"dense": [1.0, 2.0, 3.0], "cnn": []}, 1)
        'dense 2.0 (-0.5 to 4.5); 95 % intervals over 3 seeds'
        >>> spreads({"dense": [1.0]}, 1)
        'dense 1.0; 1 seed'
    """
    summaries = {name: summarise(of_name) for name, of_name in values.items() if of_name}
    told = []
    for name, summary in summaries.items():
        ends = ""
        if summary.interval is not None:
            ends = " ({:.{digits}f} to {:.{digits}f})".format(*summary.interval.ends, digits=digits)
        told.append(f"{name} {summary.mean:.{digits}f}{ends}")
    counts = [summary.n for summary in summaries.values()]
    what = "95 % intervals over " if max(counts) > 1 else ""
    return f"{', '.join(told)}; {what}{how_many_seeds(counts)}"


def where(data: DataVariant | Task | None) -> str:
    """What a sentence about images starts with when not all of Fashion-MNIST was trained on.

    Args:
        data: What the arms trained on; None where they have no runs.

    Example:
        >>> where(DataVariant(training_images=1_000))
        'With 1,000 images to train on: '
    """
    if not isinstance(data, DataVariant) or (
        data.dataset == "fashion-mnist" and data.training_images is None
    ):
        return ""
    images = "drawn images" if data.dataset == "drawn" else "images"
    if description_of(data.dataset).remark and data.dataset != "drawn" and not is_own(data.dataset):
        images += f" of {description_of(data.dataset).title}"
    if data.training_images is None:
        # A report on a person's own images is about nothing else.
        return "" if is_own(data.dataset) else f"On {images} instead of Fashion-MNIST: "
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
    brackets = in_brackets(
        result, scale=quantity.scale, digits=quantity.digits, items=quantity.items
    )
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
        case "depends on the learning rate":
            return (
                f"Whether {arms} differ in {quantity.noun} depends on the learning rate: the"
                f" observed {observed} would {_after_steps(result, quantity)} if one of the two had"
                " the next lower or higher learning rate."
            )
        case "exploratory":
            return (
                f"Chosen after the runs had been trained, and therefore not judged: {arms} differ"
                f" in {quantity.noun} by {observed}."
            )
        case "undecided":
            return (
                f"It is undecided whether {arms} differ in {quantity.noun}: the observed {observed}"
                f" {_why_undecided(result, matters)}."
            )


def _after_steps(result: Contrast, quantity: Quantity) -> str:
    moved = [result.difference + shift for shift in result.shifts]
    low, high = (quantity.written(end, "+") for end in (min(moved), max(moved)))
    return f"be between {low} and {high}"


def _why_undecided(result: Contrast, matters: str) -> str:
    if result.limit is None:
        return (
            f"shows neither a difference nor that it is less than the {matters} that would matter"
        )
    return f"cannot be told from chance, for which {result.fewest_pairs} seed pairs are needed"


def covered_by(result: Contrast, items: str) -> str:
    """What the interval of a contrast covers, in words.

    Args:
        result: The contrast.
        items: What its scores are means over, in the plural.
    """
    return f"seeds and {items}" if result.crossed_interval else "seeds"


def in_brackets(
    result: Contrast,
    *,
    scale: float,
    digits: int,
    correction: str = "Holm",
    items: str = "test images",
) -> str:
    """Interval, pairs and p-value of a contrast, as they stand in brackets behind its difference.

    Args:
        result: The contrast.
        scale: What the interval is multiplied by, for instance 100 for percentage points.
        digits: After the decimal point.
        correction: Whose correction the p-values have, where the contrast is one of several.
        items: What the scores are means over, in the plural.
    """
    parts = []
    if result.interval is not None:
        low, high = (f"{scale * end:+z.{digits}f}" for end in result.interval.ends)
        confidence = f"{100 * result.interval.confidence:g} % interval"
        parts.append(f"{confidence} {low} to {high} over {covered_by(result, items)}")
    parts.append(counted(result.n, "seed pair"))
    kind = f"{correction}-corrected " if result.comparisons > 1 else ""
    p_value = result.adjusted_p_value
    if result.verdict == "equivalent" and result.adjusted_equivalence_p_value is not None:
        kind += "equivalence "
        p_value = result.adjusted_equivalence_p_value
    text = p_value_text(p_value)
    parts.append(f"{kind}p {text if text.startswith('<') else f'= {text}'}")
    return ", ".join(parts)
