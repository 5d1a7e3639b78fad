"""What came out of shuffling pixels and blocks."""

from __future__ import annotations

from convbias.experiments.permutation import BLOCKS, WHOLE, condition_name
from convbias.figures.conditions import Place, Words, lines_of_conditions
from convbias.outcomes.base import Outcome
from convbias.quantities import TEST_ACCURACY
from convbias.results import Results

_SERIES = ("dense", "cnn-3x3")


def outcome(results: Results) -> Outcome:
    """Accuracy against the size of the blocks, and which block size costs most.

    Args:
        results: Of the experiment `permutation`.
    """
    places = {
        condition_name(series, block): Place(series, block)
        for series in _SERIES
        for block in (*BLOCKS, WHOLE)
    }
    words = Words(
        name="accuracy",
        title="Test accuracy after shuffling blocks of the image",
        reading=(
            "From left to right less is torn apart: 1 shuffles single pixels, 28 leaves the images"
            " whole."
        ),
    )
    figure = lines_of_conditions(
        results, TEST_ACCURACY, words, places, "Side of the shuffled blocks (pixels)", "steps"
    )
    return Outcome(statements=(), controls=(), figures=(figure,))
