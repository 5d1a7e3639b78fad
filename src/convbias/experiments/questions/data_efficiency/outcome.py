"""The outcome of `data-efficiency`: accuracy with fewer training images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.data_efficiency.question import MODELS, condition_name, sizes_of
from convbias.figures.conditions import FigureText
from convbias.figures.curves import LinePosition, lines_of_conditions
from convbias.figures.figure import Figure
from convbias.figures.ratios import ratios_by_size
from convbias.findings.evaluation import runs_by_arm, score
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement
from convbias.findings.wording import how_many_seeds, where
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import ImagesRatio, Interval, RatioAtSize, images_ratio

DENSE, CNN = (model.name for model in MODELS)


@dataclass(frozen=True, eq=False)
class Curves:
    """Test accuracies of both networks on the same sizes under the same seeds.

    Args:
        sizes: Training images, ascending, at least two.
        seeds: the seeds of the runs.
        dense: Accuracies (sizes, seeds).
        cnn: The same of the CNN.
    """

    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    dense: np.ndarray
    cnn: np.ndarray


def outcome(results: Results) -> Outcome:
    """How many times the images the dense network needs, at equal accuracy.

    Args:
        results: the stored runs of the experiment `data-efficiency`.
    """
    curves = _curves(results)
    figures = [_accuracies(results)]
    if curves is None:
        missing = "No two sizes were finished by both networks with the same seed."
        statements = (Statement(missing, "not measured yet"),)
        itself = Statement(missing, "not measured yet")
    else:
        ratio = images_ratio(curves.sizes, treatment=curves.cnn, baseline=curves.dense)
        statements = _statements(results, curves, ratio)
        itself = _against_itself(curves)
        figures.append(ratios_by_size(results, ratio, CNN, DENSE))
    return Outcome(
        statements=statements,
        identities=(itself, _steps(results)),
        controls=(),
        figures=tuple(figures),
    )


def _accuracies(results: Results) -> Figure:
    places = {
        condition_name(model.name, size): LinePosition(model.name, size)
        for model in MODELS
        for size in sizes_of(results.described)
    }
    words = FigureText(
        name="accuracy",
        title="Test accuracy with fewer training images",
        reading=(
            "From left to right the networks see more images, in equally many steps; from tick to"
            " tick about three times as many. The horizontal distance between the lines is how many"
            " times the images the lower one needs."
        ),
    )
    return lines_of_conditions(results, TEST_ACCURACY, words, places, "Training images", "log")


def _curves(results: Results) -> Curves | None:
    """The largest complete table of sizes and seeds; None below two sizes."""
    arms = runs_by_arm(run for run in results.runs if run.status == "finished")

    def seeds_of(size: int) -> frozenset[int]:
        both = (arms.get(condition_name(name, size), {}) for name in (DENSE, CNN))
        return frozenset(set.intersection(*map(set, both)))

    finished = {size: seeds for size in sizes_of(results.described) if (seeds := seeds_of(size))}
    common = frozenset.intersection(*finished.values()) if finished else frozenset()
    tables = [
        (wanted, [size for size, seeds in finished.items() if wanted <= seeds])
        for wanted in {common, *finished.values()} - {frozenset()}
    ]
    tables = [table for table in tables if len(table[1]) > 1]
    if not tables:
        return None
    wanted, sizes = max(tables, key=lambda table: (len(table[0]) * len(table[1]), table[1]))
    seeds = tuple(sorted(wanted))
    dense, cnn = (
        np.array(
            [
                [score(arms[condition_name(name, size)][seed], TEST_ACCURACY) for seed in seeds]
                for size in sizes
            ]
        )
        for name in (DENSE, CNN)
    )
    return Curves(tuple(sizes), seeds, dense, cnn)


def _statements(results: Results, curves: Curves, ratio: ImagesRatio) -> tuple[Statement, ...]:
    measured = [at for at in ratio.at_sizes if at.ratio is not None]
    # More than 1 at the largest size, or less than 1 at the smallest, says only which is better.
    bounded = [at for at in ratio.at_sizes if at.ratio is None and 1 not in (at.low, at.high)]
    seeds = how_many_seeds([len(curves.seeds)])
    start = where(results.data)
    statements = []
    if ratio.geometric_mean is not None:
        left_out = len(ratio.at_sizes) - len(measured)
        rest = (
            f" {left_out} further size{'' if left_out == 1 else 's'}, where the ratio is only"
            " bounded, cannot be in this mean."
            if left_out
            else ""
        )
        text = (
            f"{start}The CNN needs fewer images: to be as accurate as {CNN}, {DENSE} needs"
            f" {ratio.geometric_mean:.2g} times as many{_bracketed(ratio.interval, seeds)}, the"
            f" geometric mean over {CNN} on {_listed(measured)} images.{rest}"
        )
        statements.append(Statement(text, _judged([ratio.interval])))
    elif measured:
        [only] = measured
        text = (
            f"{start}The CNN needs fewer images: to be as accurate as {CNN} on {only.size:,},"
            f" {DENSE} needs {only} times as many{_bracketed(only.interval, seeds)}. At every other"
            " size the ratio is only bounded."
        )
        statements.append(Statement(text, _judged([only.interval])))
    if bounded:
        told = "; ".join(f"{at} with {at.size:,} images{_bracketed(at.interval)}" for at in bounded)
        text = (
            f"{start}The CNN needs fewer images where its accuracy is above or below all of"
            f" {DENSE}'s and the ratio is only bounded: {told}; {seeds}."
        )
        statements.append(Statement(text, _judged([at.interval for at in bounded])))
    if not statements:
        text = f"{start}The sizes measured do not say how many times the images {DENSE} needs."
        statements.append(Statement(text, "undecided"))
    return tuple(statements)


def _judged(intervals: Sequence[Interval | None]) -> Judgement:
    """Whether all ratios are above 1: those of too few seeds have no interval."""
    known = [interval for interval in intervals if interval is not None]
    if len(known) == len(intervals) and all(interval.low > 1 for interval in known):
        return "holds"
    if any(interval.high < 1 for interval in known):
        return "does not hold"
    return "undecided"


def _bracketed(interval: Interval | None, seeds: str = "") -> str:
    parts = [seeds] if seeds else []
    if interval is not None:
        high = "no bound" if math.isinf(interval.high) else f"{interval.high:.3g}"
        parts.insert(0, f"95 % interval {interval.low:.3g} to {high}")
    return f" ({', '.join(parts)})" if parts else ""


def _listed(measured: Sequence[RatioAtSize]) -> str:
    sizes = [f"{at.size:,}" for at in measured]
    return f"{', '.join(sizes[:-1])} and {sizes[-1]}"


def _against_itself(curves: Curves) -> Statement:
    ratio = images_ratio(curves.sizes, treatment=curves.dense, baseline=curves.dense)
    found = [str(at) for at in ratio.at_sizes]
    text = (
        f"{DENSE} against itself, on the same runs: {', '.join(dict.fromkeys(found))} times the"
        f" images at {len(found)} sizes."
    )
    exact = all(at.ratio is not None and math.isclose(at.ratio, 1) for at in ratio.at_sizes)
    return Statement(text, "holds" if exact else "does not hold")


def _steps(results: Results) -> Statement:
    recipes = [run.image_arm.recipe for run in results.runs if run.status == "finished"]
    found = {(recipe.images_per_epoch, recipe.epochs, recipe.batch_size) for recipe in recipes}
    if len(found) > 1 or None in {images for images, _, _ in found}:
        told = "; ".join(
            f"{images} images in {epochs} epochs by {batch}"
            for images, epochs, batch in sorted(found, key=str)
        )
        return Statement(f"Runs took different numbers of steps: {told}.", "does not hold")
    [(images, epochs, batch)] = found
    text = (
        f"All {len(recipes)} runs took as many steps: {epochs} epoch{'' if epochs == 1 else 's'} of"
        f" {images:,} images in batches of {batch}, however few different images there were."
    )
    return Statement(text, "holds")
