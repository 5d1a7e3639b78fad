"""The outcome of `choices`: accuracy with one architectural choice changed."""

from __future__ import annotations

from statistics import fmean

from convbias.experiments.outcome import Outcome
from convbias.experiments.parameter_counts import parameters_as_counted
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement, above
from convbias.findings.values import scores_by_seed
from convbias.findings.wording import mean_of
from convbias.spec.formatting import percent
from convbias.spec.quantities import TEST_ACCURACY

SINGLE_PIXELS = "1x1"
VALID = "valid padding"
CLAIM = "choices-padding"


def outcome(results: Results) -> Outcome:
    """Accuracy of every alternative beside the network as it was built.

    Args:
        results: the stored runs of the experiment `choices`.
    """
    names = [name for name in results.experiment.names if name != SINGLE_PIXELS]
    reading = "The first row is the original network; each other row changes one choice."
    single = scores_by_seed(results, SINGLE_PIXELS, TEST_ACCURACY)
    if single:
        mean = TEST_ACCURACY.written(fmean(single.values()))
        reading += (
            f" {SINGLE_PIXELS} kernels see single pixels; their {mean} % is outside the figure."
        )
    words = FigureText("accuracy", "Test accuracy with one choice changed", reading)
    drawn = any(scores_by_seed(results, name, TEST_ACCURACY) for name in names)
    stacked = VALID in results.experiment.names
    return Outcome(
        statements=(_stacks_without_padding(results),) if stacked else (),
        identities=(parameters_as_counted(results),),
        controls=(),
        figures=(rows_of_conditions(results, TEST_ACCURACY, words, names),) if drawn else (),
    )


def _stacks_without_padding(results: Results) -> Statement:
    """Whether two convolutions can be stacked only with same padding."""
    asked = "“Same padding makes it possible to stack convolutions”"
    found = scores_by_seed(results, VALID, TEST_ACCURACY)
    if not found:
        return Statement(f"{asked}: not measured yet.", "not measured yet", CLAIM)
    chance = results.described.chance
    refuted = above(found.values(), chance)
    verdicts: dict[Judgement, Judgement] = {"holds": "does not hold", "does not hold": "holds"}
    return Statement(
        f"{asked}: two convolutions with valid padding, each with its pooling, reach a test"
        f" accuracy of {mean_of(found.values(), 100, 1, '%')}, where guessing gives"
        f" {percent(chance, 0)}.",
        verdicts.get(refuted, refuted),
        CLAIM,
    )
