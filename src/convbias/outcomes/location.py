"""What came out of tying classes to corners."""

from __future__ import annotations

from convbias.experiments.location import ELSEWHERE
from convbias.figures.conditions import Words, rows_of_conditions
from convbias.outcomes.base import Judgement, Outcome, Statement, scores_by_seed
from convbias.quantities import share
from convbias.results import Results
from convbias.statistics import Summary, summarise

AT_HOME = share("accuracy_similar", "accuracy at the class's own place", margin=0.01)
GAP = share("location_gap", "accuracy lost at the other class's place", margin=0.01)

CHANCE = 0.5
FEWEST_SEEDS = 3
ALLOWED_GAP = 0.02  # of the control, which sees every garment in one corner only


def outcome(results: Results) -> Outcome:
    """Accuracy at the other class's place, and whether place alone can be learned.

    Args:
        results: Of the experiment `location`.
    """
    elsewhere = Words(
        name="accuracy",
        title="Accuracy where the other class was in training",
        reading=(
            "Who goes by the look is as good as at home; who goes by the place is wrong nearly"
            " always. 50 % is guessing."
        ),
    )
    gap = Words(
        name="gap",
        title="What the change of place costs",
        reading="Accuracy at the class's own place minus that at the other's: 0 is no reliance.",
    )
    return Outcome(
        statements=(_averaging_forgets(results),),
        controls=(_free(results), _circular(results)),
        figures=(
            rows_of_conditions(results, ELSEWHERE, elsewhere),
            rows_of_conditions(results, GAP, gap),
        ),
    )


def _averaging_forgets(results: Results) -> Statement:
    """Whether a CNN with a global average can tell patches by their place alone."""
    found = _summary(results, "cnn on patches")
    if found is None:
        return Statement(
            "Whether averaging forgets the place is not measured yet.", "not measured yet"
        )
    verdict: Judgement = "undecided"
    if found.interval is not None and found.n >= FEWEST_SEEDS:
        if found.interval.low > 100 * CHANCE:
            verdict = "does not hold"
        elif found.interval.high < 100 * (CHANCE + ELSEWHERE.margin):
            verdict = "holds"
    return Statement(
        "“A global average forgets the place”: with same padding, the CNN tells patches that"
        f" differ in nothing but their corner apart in {_told(found)} of the cases; 50 % would be"
        " forgetting.",
        verdict,
    )


def _circular(results: Results) -> Statement:
    scores = scores_by_seed(results, "circular cnn on patches", AT_HOME)
    if not scores:
        return Statement("The circular CNN on patches is not measured yet.", "not measured yet")
    exact = all(score == CHANCE for score in scores.values())
    told = ", ".join(f"{100 * score:.2f} %" for score in scores.values())
    return Statement(
        "With circular padding nothing marks the frame, so exactly half of the patches must be"
        f" right: {told}.",
        "holds" if exact else "does not hold",
    )


def _free(results: Results) -> Statement:
    name = "cnn trained in both corners"
    gaps = list(scores_by_seed(results, name, GAP).values())
    if not gaps:
        return Statement(f"The {name} is not measured yet.", "not measured yet")
    found = summarise([100 * gap for gap in gaps])
    verdict: Judgement = "undecided"
    if found.interval is not None and found.n >= FEWEST_SEEDS:
        if max(abs(end) for end in found.interval.ends) < 100 * ALLOWED_GAP:
            verdict = "holds"
        elif abs(found.mean) > 100 * ALLOWED_GAP and not found.interval.contains(0.0):
            verdict = "does not hold"
    return Statement(
        f"Trained in both corners, the CNN must lose nothing by a change of place: {_told(found)}.",
        verdict,
    )


def _summary(results: Results, condition: str) -> Summary | None:
    scores = scores_by_seed(results, condition, AT_HOME)
    return summarise([100 * score for score in scores.values()]) if scores else None


def _told(found: Summary) -> str:
    seeds = f"{found.n} seed" + ("" if found.n == 1 else "s")
    if found.interval is None:
        return f"{found.mean:.2f} % ({seeds})"
    low, high = found.interval.ends
    return f"{found.mean:.2f} % (95 % interval {low:.2f} to {high:.2f}, {seeds})"
