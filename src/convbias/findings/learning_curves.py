"""Whether the arms behind a number had converged, by their validation curves."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.runs.record import Run
from convbias.spec.formatting import interval_text
from convbias.spec.quantities import TEST_LOSS, Quantity
from convbias.statistics import Convergence, Interval, convergence


def arm_convergence(runs: Sequence[Run], quantity: Quantity) -> Convergence:
    """Judge the end of an arm's validation curves.

    Args:
        runs: finished runs of one arm, at least one.
        quantity: TEST_LOSS takes the validation loss, everything else the validation accuracy.
    """
    of_loss = quantity == TEST_LOSS
    curves = [
        [epoch.validation_loss if of_loss else epoch.validation_accuracy for epoch in run.epochs]
        for run in runs
    ]
    return convergence(curves, quantity.margin, higher_is_better=not of_loss)


def told(name: str, found: Convergence, quantity: Quantity) -> str:
    """What an arm's curves show, as a clause without full stop.

    Args:
        name: the arm's name.
        found: from `arm_convergence`.
        quantity: TEST_ACCURACY or TEST_LOSS.
    """
    score = quantity.noun.replace("test", "validation")
    if found.last_gain is None or found.decline_since_best is None:
        return f"{name} has too few epochs or seeds to show whether it had converged"
    last = f"in the last of {found.epochs} epochs its {score} improved by"
    match found.state:
        case "still improving":
            return f"{name} was still improving: {last} {_amount(found.last_gain, quantity)}"
        case "overtrained":
            return (
                f"{name} was overtrained: after epoch {found.best_epoch} of {found.epochs} its"
                f" {score} got worse by {_amount(found.decline_since_best, quantity)}"
            )
        case "converged":
            return f"{name} had converged: {last} {_amount(found.last_gain, quantity)}"
        case "undecided":
            return (
                f"{name} is not shown to have converged: {last}"
                f" {_amount(found.last_gain, quantity)}"
            )


def _amount(interval: Interval, quantity: Quantity) -> str:
    ends = interval_text(interval.ends, quantity.written)
    return f"{ends} {quantity.unit} (95 % interval)"
