"""What came out of changing the architecture's choices one at a time."""

from __future__ import annotations

from convbias.figures.conditions import Words, rows_of_conditions
from convbias.outcomes.base import Outcome
from convbias.quantities import TEST_ACCURACY
from convbias.results import Results


def outcome(results: Results) -> Outcome:
    """Accuracy of every alternative beside the network as it was built.

    Args:
        results: Of the experiment `choices`.
    """
    words = Words(
        name="accuracy",
        title="Test accuracy with one choice changed",
        reading="The first row is the network as it was built; in every other, one thing differs.",
    )
    return Outcome(
        statements=(),
        controls=(),
        figures=(rows_of_conditions(results, TEST_ACCURACY, words),),
    )
