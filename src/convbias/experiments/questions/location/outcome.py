"""The outcome of `location`: accuracy when classes exchange their corners."""

from __future__ import annotations

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.location.question import ELSEWHERE
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.results import Results
from convbias.findings.statement import Statement, above, absent
from convbias.findings.values import by_seed, measured
from convbias.findings.wording import mean_of
from convbias.spec.quantities import share

AT_HOME = share("accuracy_similar", "accuracy at the class's own position", margin=0.01)
GAP = share("location_gap", "accuracy lost at the other class's position", margin=0.01)

CHANCE = 0.5
ALLOWED_GAP = 0.02  # of the control, which sees every image in one corner only


def outcome(results: Results) -> Outcome:
    """Accuracy at the other class's place, and whether place alone can be learned.

    Args:
        results: the stored runs of the experiment `location`.
    """
    elsewhere = FigureText(
        name="accuracy",
        title="Accuracy at the other class's position",
        reading=(
            "A network that uses the appearance is as accurate as at the class's own position; one"
            " that uses the position is nearly always wrong. 50 % is chance."
        ),
    )
    gap = FigureText(
        name="gap",
        title="Accuracy lost by the change of position",
        reading=(
            "Accuracy at the class's own position minus that at the other's: 0 means no reliance on"
            " position."
        ),
    )
    return Outcome(
        statements=(_averaging_forgets(results),),
        identities=(_circular(results),),
        controls=(_free(results),),
        figures=tuple(
            rows_of_conditions(results, quantity, words)
            for quantity, words in ((ELSEWHERE, elsewhere), (GAP, gap))
            if measured(results.runs, quantity.name)
        ),
    )


def _averaging_forgets(results: Results) -> Statement:
    """Whether a CNN with a global average can tell patches by their place alone."""
    found = by_seed(results, "cnn on patches", AT_HOME.name).values()
    if not found:
        return Statement(
            "Whether a global average discards position is not measured yet.", "not measured yet"
        )
    return Statement(
        "“A global average discards position”: with same padding, the CNN classifies patches that"
        f" differ only in their corner with an accuracy of {mean_of(found, 100, 2, '%')};"
        " 50 % would be chance.",
        absent([max(0.0, share - CHANCE) for share in found], 0.0, ELSEWHERE.margin),
    )


def _circular(results: Results) -> Statement:
    shares = by_seed(results, "circular cnn on patches", AT_HOME.name).values()
    if not shares:
        return Statement("The circular CNN on patches is not measured yet.", "not measured yet")
    told = ", ".join(f"{100 * share:.2f} %" for share in shares)
    return Statement(
        "With circular padding nothing marks the frame, so exactly half of the patches must be"
        f" classified correctly: {told}.",
        "holds" if set(shares) == {CHANCE} else "does not hold",
    )


def _free(results: Results) -> Statement:
    name = "cnn trained in both corners"
    gaps = by_seed(results, name, GAP.name).values()
    if not gaps:
        return Statement(f"The {name} is not measured yet.", "not measured yet")
    return Statement(
        "Trained in both corners, the CNN must lose less than"
        f" {GAP.amount(ALLOWED_GAP)} by a change of position:"
        f" {mean_of(gaps, 100, 2, 'percentage points')}.",
        above([ALLOWED_GAP - abs(gap) for gap in gaps], 0.0),
    )
