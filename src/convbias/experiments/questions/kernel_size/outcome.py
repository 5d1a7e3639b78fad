"""The outcome of `kernel-size`: accuracy by kernel size, with one quantity held equal."""

from __future__ import annotations

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.kernel_size.question import (
    BASE,
    MATCHED_FILTERS,
    WITHIN,
    condition_name,
    dilated_name,
    dilations_of,
    sizes_of,
)
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.figures.curves import LinePosition, lines_of_conditions
from convbias.findings.evaluation import compared
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.values import scores_by_seed
from convbias.spec.arithmetic import multiply_adds
from convbias.spec.formatting import in_words
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import holm_over

BASE_SIZE = 3
CLAIMED = 5
CLAIM = "kernel-5x5-optimal"
DILATED = "3x3 taps, spread out"


def outcome(results: Results) -> Outcome:
    """Accuracy against kernel size, one line per matching, and a verdict on 5x5 in each.

    Args:
        results: the stored runs of the experiment `kernel-size`.
    """
    return Outcome(
        statements=tuple(_optimal(results, matching) for matching in MATCHED_FILTERS),
        identities=_counts(results),
        controls=(),
        figures=(*_accuracy(results), _every_condition(results)),
    )


def _accuracy(results: Results) -> list[Figure]:
    first, *others = MATCHED_FILTERS
    places = {BASE: LinePosition(first, BASE_SIZE, also=(*others, DILATED))}
    places |= {
        condition_name(size, matching): LinePosition(matching, size)
        for matching in MATCHED_FILTERS
        for size in sizes_of(results.described)
        if size > BASE_SIZE
    }
    places |= {
        dilated_name(each): LinePosition(DILATED, 2 * each + 1)
        for each in dilations_of(results.described)
    }
    words = FigureText(
        name="accuracy",
        title="Test accuracy by kernel size, with one quantity held equal",
        reading=(
            "All lines meet in the original 3x3 CNN. The spread-out kernels have nine taps at every"
            " size, so their line shows the effect of the field of view alone. 1x1 kernels,"
            " which see single pixels, are far below, in the next figure."
        ),
    )
    if not any(scores_by_seed(results, name, TEST_ACCURACY) for name in places):
        return []
    along = "Side of the kernel (pixels)"
    return [lines_of_conditions(results, TEST_ACCURACY, words, places, along, "steps")]


def _every_condition(results: Results) -> Figure:
    words = FigureText(name="conditions", title="Test accuracy of every network")
    return rows_of_conditions(results, TEST_ACCURACY, words)


def _optimal(results: Results, matching: str) -> Statement:
    """Whether 5x5 is the best size when this is held equal."""
    names = {
        size: name
        for size in sizes_of(results.described)
        if (name := condition_name(size, matching)) in results.experiment.names
    }
    others = [size for size in names if size != CLAIMED]
    contrasts = {
        size: contrast
        for size in others
        if CLAIMED in names
        and (contrast := compared(results, names[CLAIMED], names[size], TEST_ACCURACY))
    }
    if not contrasts or len(contrasts) < len(others):
        return Statement(
            f"At {matching}, not every kernel size has a finished run.", "not measured yet", CLAIM
        )
    corrected = dict(zip(contrasts, holm_over(list(contrasts.values())), strict=True))
    differences = ", ".join(
        f"{TEST_ACCURACY.written(each.difference, '+')} over {size}x{size} ({each.verdict})"
        for size, each in corrected.items()
    )
    verdicts = {each.verdict for each in corrected.values()}
    fewest = min(each.n for each in corrected.values())
    return Statement(
        f"“5x5 is optimal” at {matching}: its test accuracy differs by {differences}, in percentage"
        f" points, {fewest} seed pair{'' if fewest == 1 else 's'}, verdicts corrected for the"
        f" {in_words(len(others))} comparisons.",
        "holds"
        if verdicts == {"better"}
        else "does not hold"
        if verdicts & {"worse", "equivalent"}
        else "undecided",
        CLAIM,
    )


def _counts(results: Results) -> tuple[Statement, ...]:
    counts = {
        run.condition: (
            run.measures["parameters"],
            multiply_adds(run.image_arm.model, run.image_arm.data.dimensions),
        )
        for run in results.runs
        if run.status == "finished" and "parameters" in run.measures
    }
    if BASE not in counts:
        return (Statement(f"The {BASE} CNN has no finished run.", "not measured yet"),)
    statements = []
    for place, matching, noun in (
        (0, "equal parameters", "parameters"),
        (1, "equal multiply-adds", "multiply-adds of the convolutions"),
    ):
        base = counts[BASE][place]
        found = {
            name: counts[name][place] / base - 1
            for size in sizes_of(results.described)
            if (name := condition_name(size, matching)) in counts
        }
        widest = max(found, key=lambda name: abs(found[name]))
        statements.append(
            Statement(
                f"At {matching}, the {noun} differ from the {base:,.0f} of {BASE} by at most"
                f" {100 * abs(found[widest]):.2f} % ({widest}).",
                "holds" if abs(found[widest]) <= WITHIN[matching] else "does not hold",
            )
        )
    return tuple(statements)
