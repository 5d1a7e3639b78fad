"""A seed-paired difference between two arms, with interval, tests and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from convbias.errors import InputError
from convbias.statistics.crossed import crossed
from convbias.statistics.intervals import (
    Interval,
    Summary,
    all_equal,
    mean_interval,
    sample,
    summarise,
)
from convbias.statistics.power import pairs_needed, smallest_findable
from convbias.statistics.sign_flips import fewest_pairs, sign_flip_p_value, smallest_p_value

Verdict = Literal[
    "better", "worse", "equivalent", "undecided", "depends on the learning rate", "exploratory"
]


@dataclass(frozen=True)
class Contrast:
    """Treatment minus baseline over shared seeds.

    Args:
        n: Seed pairs.
        treatment: Mean and spread of the treatment.
        baseline: Mean and spread of the baseline.
        difference: Mean of treatment minus baseline.
        difference_sd: Standard deviation of the paired differences; None for one pair.
        correlation: Between the arms over seeds; None below three pairs or for a constant arm.
        seeds_interval: Confidence interval of the difference over new seeds on these test images;
            None below three pairs.
        crossed_interval: The same over new seeds and new test images, see `crossed_interval`; None
            where the scores of single images are not known, or below three pairs.
        p_value: p-value of no difference, by sign flips.
        adjusted_p_value: Corrected for its family; the same as `p_value` when it stands alone.
        equivalence_p_value: p-value of a difference of at least the margin (TOST), over seeds and,
            where the scores of single images are known, over seeds and images; the larger one. None
            where it cannot be tested.
        adjusted_equivalence_p_value: Corrected for its family.
        probability_better: Share of seeds on which the treatment is better, ties counted half:
            P(A > B) of Bouthillier 2021 (arXiv 2103.03098).
        margin: Differences smaller than this do not matter.
        higher_is_better: Whether a positive difference favours the treatment.
        alpha: Significance level.
        smallest_p_value: Smallest p-value that sign flips can give with so many pairs.
        smallest_adjusted_p_value: The same after correction, with the p-values of the family's
            other contrasts as they are.
        comparisons: Contrasts in the family, this one included.
        shifts: By how much the difference would move if one of the arms had the next lower or the
            next higher learning rate; empty where that is not known.
        exploratory: Whether the contrast was chosen after these runs had been trained.
    """

    n: int
    treatment: Summary
    baseline: Summary
    difference: float
    difference_sd: float | None
    correlation: float | None
    seeds_interval: Interval | None
    crossed_interval: Interval | None
    p_value: float
    adjusted_p_value: float
    equivalence_p_value: float | None
    adjusted_equivalence_p_value: float | None
    probability_better: float
    margin: float
    higher_is_better: bool
    alpha: float
    smallest_p_value: float
    smallest_adjusted_p_value: float
    comparisons: int = 1
    shifts: tuple[float, ...] = ()
    exploratory: bool = False

    @property
    def interval(self) -> Interval | None:
        """The interval that the verdict asks for: over seeds and images where both are known."""
        return self.crossed_interval or self.seeds_interval

    @property
    def test(self) -> str:
        """The test of a difference, in words."""
        return "sign-flip test"

    @property
    def different(self) -> bool:
        """Whether a difference is shown: adjusted p below alpha, and 0 outside the interval."""
        return (
            self.adjusted_p_value < self.alpha
            and self.interval is not None
            and not self.interval.contains(0.0)
        )

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than the margin."""
        p_value = self.adjusted_equivalence_p_value
        return p_value is not None and p_value < self.alpha

    @property
    def favourable(self) -> bool:
        """Whether the observed difference points in the treatment's favour."""
        return self.difference > 0 if self.higher_is_better else self.difference < 0

    @property
    def verdict(self) -> Verdict:
        """What the tests show.

        A difference that is shown and also shown to be smaller than the margin is "equivalent":
        it exists, but it does not matter (`different` and `favourable` still tell its sign). What
        is neither shown to differ nor to be equivalent is "undecided", never "the same". What is
        shown, but would not be if one of the arms had the next learning rate, "depends on the
        learning rate". A contrast that was chosen after the runs had been trained is
        "exploratory", whatever they show.
        """
        if self.exploratory:
            return "exploratory"
        if not (self.equivalent or self.different):
            return "undecided"
        if not all(self._holds_after(shift) for shift in self.shifts):
            return "depends on the learning rate"
        if self.equivalent:
            return "equivalent"
        return "better" if self.favourable else "worse"

    def _holds_after(self, shift: float) -> bool:
        """Whether what is shown would be shown of a difference that is moved by `shift`."""
        if self.equivalent:
            return abs(self.difference + shift) < self.margin
        ends = self.interval.ends if self.interval else (0.0, 0.0)
        nearer = min(ends) if self.difference > 0 else max(ends)
        return (nearer + shift) * self.difference > 0

    @property
    def limit(self) -> str | None:
        """What so few pairs cannot show, in a sentence; None when there are enough."""
        if self.smallest_adjusted_p_value < self.alpha:
            return None
        family = (
            f" after correction for {self.comparisons} contrasts" if self.comparisons > 1 else ""
        )
        sentence = (
            f"With {_pairs(self.n)} the sign-flip test cannot give a p-value below"
            f" {self.smallest_adjusted_p_value:.3g}{family}, so no difference, however large, can"
            f" be shown at {self.alpha:g}; that takes {_pairs(self.fewest_pairs)}"
        )
        # Two differences say too little about their spread to plan with.
        if self.n >= 3 and self.difference_sd is not None:
            alpha = self.alpha / self.comparisons
            needed = pairs_needed(self.margin, self.difference_sd, alpha=alpha)
            if needed is not None:
                sentence += (
                    ", and finding a difference as small as the margin with 80 % power takes about"
                    f" {_pairs(needed)} at the spread seen here"
                )
        return sentence + "."

    @property
    def fewest_pairs(self) -> int:
        """How many pairs make it possible to show a difference, whatever the family's others."""
        return fewest_pairs(self.alpha / self.comparisons)

    def smallest_findable(self, pairs: int | None = None) -> float | None:
        """The smallest true difference found with 80 % power at the spread seen here.

        Args:
            pairs: Number of seed pairs; None means as many as the contrast has.

        Returns:
            In the unit of the values, after correction for the family; None where no difference
            can be found, or where fewer than three differences tell too little about their spread.
        """
        if self.n < 3 or not self.difference_sd:
            return None
        return smallest_findable(
            self.n if pairs is None else pairs,
            self.difference_sd,
            alpha=self.alpha / self.comparisons,
        )


def _pairs(count: int) -> str:
    return f"{count:,} seed pair" if count == 1 else f"{count:,} seed pairs"


def paired_contrast(
    treatment: ArrayLike,
    baseline: ArrayLike,
    *,
    margin: float,
    higher_is_better: bool = True,
    confidence: float = 0.95,
    of_images: tuple[ArrayLike, ArrayLike] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> Contrast:
    """Compare two arms seed by seed.

    Args:
        treatment: One number per seed, shape (n,).
        baseline: One number per seed, in the same order of seeds.
        margin: Half width of the zone in which the arms count as equivalent, in the same unit.
        higher_is_better: Whether a positive difference favours the treatment.
        confidence: Nominal coverage of the intervals.
        of_images: Treatment's and baseline's scores of every image, each of shape (n, images);
            None where they are not known.
        alpha: Significance level of both tests.
        seed: Random seed of the sign patterns where they are random.

    Returns:
        The contrast, as if it were the only one; `holm_over` corrects a family of them.

    Raises:
        InputError: The arms are not of one shape (n,), not finite, or the margin is not positive.

    Example:
        >>> contrast = paired_contrast([0.90, 0.91, 0.92], [0.87, 0.88, 0.88], margin=0.002)
        >>> round(contrast.difference, 4), contrast.p_value, contrast.verdict
        (0.0333, 0.25, 'undecided')
    """
    first, second = sample(treatment, "treatment values"), sample(baseline, "baseline values")
    if first.shape != second.shape:
        raise InputError(
            f"{first.size} treatment values cannot be paired with {second.size} baseline values",
            "one value of each arm per shared seed",
            "keep the seeds that both arms finished",
        )
    if not margin > 0:
        raise InputError(
            f"margin is {margin}", "a positive margin", "name the smallest difference that matters"
        )
    differences = first - second
    n = differences.size
    p_value = float(sign_flip_p_value(differences, seed=seed))
    equivalence_p_value = _equivalence_p_value(first, second, margin)
    estimate = crossed(*of_images) if of_images else None
    if equivalence_p_value is not None and estimate is not None:
        equivalence_p_value = max(equivalence_p_value, estimate.equivalence_p_value(margin))
    wins = differences > 0 if higher_is_better else differences < 0
    return Contrast(
        n=n,
        treatment=summarise(first, confidence),
        baseline=summarise(second, confidence),
        difference=float(differences.mean()),
        difference_sd=float(differences.std(ddof=1)) if n > 1 else None,
        correlation=_correlation(first, second),
        seeds_interval=mean_interval(differences, confidence) if n >= 3 else None,
        crossed_interval=estimate.interval(confidence) if estimate else None,
        p_value=p_value,
        adjusted_p_value=p_value,
        equivalence_p_value=equivalence_p_value,
        adjusted_equivalence_p_value=equivalence_p_value,
        probability_better=float((wins + 0.5 * (differences == 0)).mean()),
        margin=margin,
        higher_is_better=higher_is_better,
        alpha=alpha,
        smallest_p_value=smallest_p_value(n),
        smallest_adjusted_p_value=smallest_p_value(n),
    )


def _correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    if first.size < 3 or all_equal(first) or all_equal(second):
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _equivalence_p_value(first: np.ndarray, second: np.ndarray, margin: float) -> float | None:
    """Two one-sided paired t tests (Schuirmann 1987); by sign flips where t is undefined.

    Equal differences have no spread to divide by. Their one-sided sign-flip p-value against either
    end of the margin is 1 / 2^n inside it and 1 outside, so that two equal pairs prove nothing.
    """
    differences = first - second
    if differences.size < 2:
        return None
    if all_equal(differences):
        return 0.5**differences.size if abs(differences.mean()) < margin else 1.0
    n = differences.size
    error = differences.std(ddof=1) / math.sqrt(n)
    # The mean's distance from the nearer end of the margin decides.
    distance = (margin - abs(differences.mean())) / error
    return float(special.stdtr(n - 1, -distance))
