"""How a contrast would move if an arm had the next lower or the next higher learning rate.

The searches for learning rates have tried both neighbours of every rate, with at least three seeds,
on validation images (`convbias.experiments.tuning`). So the change of the validation score from the
chosen rate to its neighbour tells by how much the arm's score would change.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from convbias.spec.arms import Arm
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.spec.rates import SearchedSetting, TriedRate
from convbias.spec.recipes import search_of

# Quantity of a contrast to the score of a search that tells its change.
_SCORES = {
    TEST_ACCURACY.name: "validation_accuracy",
    TEST_LOSS.name: "validation_loss",
    "train_validation_gap": "train_validation_gap",
}


@dataclass(frozen=True)
class RateStep:
    """One arm of a contrast at a neighbouring learning rate.

    Args:
        of_treatment: Whether the treatment takes the step, or the baseline.
        rate: The neighbouring learning rate.
        seeds: Seeds that the search has of both rates.
        change: Mean change of the arm's score on validation images, in the quantity's unit.
    """

    of_treatment: bool
    rate: float
    seeds: int
    change: float

    @property
    def shift(self) -> float:
        """By how much treatment minus baseline moves."""
        return self.change if self.of_treatment else -self.change


def rate_steps(treatment: Arm, baseline: Arm, quantity: Quantity) -> tuple[RateStep, ...] | None:
    """Both arms of a contrast, one step lower and one step higher each.

    Rates at which a run diverged are left out: nobody would have chosen them. So are arms with a
    fixed recipe, which is part of the question.

    Args:
        treatment: The arm that may be better.
        baseline: The arm that it is compared with.
        quantity: The compared quantity.

    Returns:
        None where it is not known: an arm's rate was not searched on exactly its images and length,
        or the searches have no score that tells how the quantity changes.
    """
    score = _SCORES.get(quantity.name)
    if score is None:
        return None
    steps: list[RateStep] = []
    for arm in (treatment, baseline):
        if arm.recipe.name == "classic":
            continue
        found = search_of(arm)
        if found is None:
            return None
        steps += [
            RateStep(arm is treatment, tried.learning_rate, *_change(chosen, tried, score))
            for chosen, tried in _neighbours(found)
        ]
    return tuple(steps)


def _neighbours(found: SearchedSetting) -> list[tuple[TriedRate, TriedRate]]:
    """The chosen rate with each of its neighbours at which no run diverged."""
    rates = [tried.learning_rate for tried in found.search]
    place = rates.index(found.learning_rate)
    around = (*found.search[max(0, place - 1) : place], *found.search[place + 1 : place + 2])
    return [(found.search[place], tried) for tried in around if not tried.diverged]


def _change(chosen: TriedRate, tried: TriedRate, score: str) -> tuple[int, float]:
    """Number of shared seeds, and the mean change of the score over them."""
    before = dict(zip(chosen.seeds, getattr(chosen, score), strict=True))
    after = dict(zip(tried.seeds, getattr(tried, score), strict=True))
    shared = sorted(before.keys() & after.keys())
    return len(shared), fmean(after[seed] - before[seed] for seed in shared)
