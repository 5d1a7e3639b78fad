"""The outcome of `permutation`: accuracy with shuffled pixels and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.permutation.question import blocks_of, condition_name
from convbias.figures.conditions import FigureText
from convbias.figures.curves import LinePosition, lines_of_conditions
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement
from convbias.findings.values import scores_by_seed
from convbias.findings.wording import in_brackets
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import paired_contrast

_SERIES = ("dense", "cnn-3x3")


def outcome(results: Results) -> Outcome:
    """Accuracy by block size, and the control: the dense network does not depend on it.

    Args:
        results: the stored runs of the experiment `permutation`.
    """
    side = results.described.side
    blocks = blocks_of(side)
    places = {
        condition_name(series, block): LinePosition(series, block or side)
        for series in _SERIES
        for block in (*blocks, None)
    }
    words = FigureText(
        name="accuracy",
        title="Test accuracy after shuffling blocks of the image",
        reading=(
            "From left to right larger blocks are shuffled: 1 shuffles single pixels,"
            f" {side} leaves the images whole."
        ),
    )
    figure = lines_of_conditions(
        results, TEST_ACCURACY, words, places, "Side of the shuffled blocks (pixels)", "steps"
    )
    return Outcome(
        statements=(), identities=(), controls=(_dense(results, blocks),), figures=(figure,)
    )


def _dense(results: Results, blocks: Sequence[int]) -> Statement:
    """Whether shuffling changes the dense network, on the average of all sizes of blocks."""
    asked = "For a dense network, shuffling is only a different order of its inputs"
    shuffled = [
        scores_by_seed(results, condition_name("dense", block), TEST_ACCURACY) for block in blocks
    ]
    whole = scores_by_seed(results, condition_name("dense", None), TEST_ACCURACY)
    seeds = sorted(set(whole).intersection(*shuffled))
    if not seeds:
        return Statement(f"{asked}: no seed was finished on all blocks.", "not measured yet")
    found = paired_contrast(
        [fmean(scores[seed] for scores in shuffled) for seed in seeds],
        [whole[seed] for seed in seeds],
        margin=TEST_ACCURACY.margin,
        higher_is_better=True,
    )
    brackets = in_brackets(found, scale=TEST_ACCURACY.scale, digits=TEST_ACCURACY.digits)
    verdict: Judgement = "does not hold" if found.different else "undecided"
    return Statement(
        f"{asked}: averaged over the {len(blocks)} sizes of blocks, its test accuracy differs from"
        f" that on whole images by {TEST_ACCURACY.amount(found.difference, '+')}"
        f" ({brackets}); less than"
        f" {TEST_ACCURACY.amount(found.margin)} does not matter.",
        "holds" if found.verdict == "equivalent" else verdict,
    )
