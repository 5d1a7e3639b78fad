"""What came out of changing the architecture's choices one at a time."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from convbias.config import Convolutional
from convbias.data import IMAGE_SIDE
from convbias.figures.conditions import Words, rows_of_conditions
from convbias.outcomes.base import Outcome
from convbias.outcomes.evidence import scores_by_seed
from convbias.quantities import TEST_ACCURACY
from convbias.results import Results
from convbias.statement import Statement

SINGLE_PIXELS = "1x1"


def outcome(results: Results) -> Outcome:
    """Accuracy of every alternative beside the network as it was built.

    Args:
        results: Of the experiment `choices`.
    """
    names = [name for name in results.experiment.names if name != SINGLE_PIXELS]
    reading = "The first row is the network as it was built; in every other, one thing differs."
    single = scores_by_seed(results, SINGLE_PIXELS, TEST_ACCURACY)
    if single:
        mean = TEST_ACCURACY.written(fmean(single.values()))
        reading += f" {SINGLE_PIXELS} kernels see single pixels; their {mean} % would lie far away."
    words = Words("accuracy", "Test accuracy with one choice changed", reading)
    drawn = any(scores_by_seed(results, name, TEST_ACCURACY) for name in names)
    return Outcome(
        statements=(),
        controls=(_parameters(results),),
        figures=(rows_of_conditions(results, TEST_ACCURACY, words, names),) if drawn else (),
    )


def parameters_by_arithmetic(model: Convolutional) -> int:
    """How many parameters a CNN has, from its description alone.

    Example:
        >>> parameters_by_arithmetic(Convolutional())  # 320 + 18,496 + 8,320 + 1,290
        28426
    """
    total, side = 0, IMAGE_SIDE
    for before, after in pairwise((1, *model.filters)):
        total += (model.kernel_size**2 * before + 1) * after
        lost = model.kernel_size - 1 if model.padding == "valid" else 0
        side = (side - lost) // 2
    features = model.filters[-1] * (side**2 if model.head == "flatten" else 1)
    return total + (features + 1) * 128 + (128 + 1) * 10


def _parameters(results: Results) -> Statement:
    asked = "Every network has as many parameters as the arithmetic says"
    counts = {
        run.arm_name: (run.measures["parameters"], parameters_by_arithmetic(run.arm.model))
        for run in results.runs
        if isinstance(run.arm.model, Convolutional) and "parameters" in run.measures
    }
    if not counts:
        return Statement(f"{asked}: no run says how many it has.", "not measured yet")
    wrong = [name for name, (found, expected) in counts.items() if found != expected]
    told = ", ".join(
        f"{name} {found:,.0f}" + (f" instead of {expected:,}" if name in wrong else "")
        for name, (found, expected) in counts.items()
    )
    return Statement(f"{asked}: {told}.", "does not hold" if wrong else "holds")
