"""Contrasts of a study that is judged several times while seeds are added.

Whoever tests after every few seeds and stops at a verdict has as many chances of an error as tests.
So the error rate is shared: each of K looks, planned in advance, has the level alpha / K. By the
union bound the chance of any error at any look stays below alpha, however the looks depend on each
other; that the test images are the same at all of them makes it smaller.

The sign-flip test cannot give a small p-value with few pairs. Here Student's t test of the paired
differences takes its place, beside the test over seeds and test images: a difference needs both,
and so does an equivalence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from convbias.spec.formatting import counted
from convbias.spec.looks import latest_look
from convbias.statistics.contrasts import Contrast, paired_contrast
from convbias.statistics.crossed import crossed
from convbias.statistics.intervals import Interval, all_equal, sample, summarise
from convbias.statistics.power import POWER
from convbias.statistics.sign_flips import sign_flip_p_value

_MOST_PAIRS = 10_000  # more are not worth predicting


@dataclass(frozen=True)
class SequentialContrast(Contrast):
    """A contrast at one of several planned looks; p-values and intervals hold over all of them.

    `p_value` is the larger one of Student's t over seeds and of the test over seeds and images,
    times the number of looks; `equivalence_p_value` likewise.

    Args:
        looks: Seed pairs at each look.
        image_error: The part of the standard error that more seeds do not make smaller; 0 where
            the scores of single images are not known.
    """

    looks: tuple[int, ...] = ()
    image_error: float = 0.0

    @property
    def test(self) -> str:
        """The test of a difference, in words."""
        looks = counted(len(self.looks), "planned look")
        return f"Student’s t tests, with one level over {looks}"

    @property
    def limit(self) -> str | None:
        """That the first look was not reached; None when it was."""
        if self.n >= self.looks[0]:
            return None
        return (
            f"The first of the planned looks is at {counted(self.looks[0], 'seed pair')}; before"
            " it there is no verdict."
        )

    @property
    def fewest_pairs(self) -> int:
        """The pairs at the first look."""
        return self.looks[0]

    def smallest_findable(self, pairs: int | None = None) -> float | None:
        """The smallest true difference found with 80 % power at the spread seen here.

        Args:
            pairs: Number of seed pairs at a look; None means as many as the contrast has.

        Returns:
            In the unit of the values, at this look alone and after correction for the family; None
            before the first look.
        """
        count = self.n if pairs is None else pairs
        if count < self.looks[0] or not self.difference_sd:
            return None
        of_seeds, of_both = self._errors(count)
        of_student = special.stdtrit(count - 1, 1 - self._level / 2)
        of_normal = special.ndtri(1 - self._level / 2)
        return max(
            float(special.nctdtrinc(count - 1, 1 - POWER, of_student)) * of_seeds,
            float(of_normal + special.ndtri(POWER)) * of_both,
        )

    def pairs_to_decide(self) -> int | None:
        """How many pairs would decide the contrast if the difference and its spread stay.

        Returns:
            The fewest pairs from now on whose interval, corrected for looks and family, leaves out
            zero or lies inside the margin; None where no number does: other test images would
            change the difference too much to tell.
        """
        if not self.difference_sd:
            return max(self.n, self.looks[0])
        size = abs(self.difference)
        low, high = max(self.n, self.looks[0]), _MOST_PAIRS
        if not self._decided_with(high, size):
            return None
        while low < high:
            middle = (low + high) // 2
            if self._decided_with(middle, size):
                high = middle
            else:
                low = middle + 1
        return low

    def _decided_with(self, pairs: int, size: float) -> bool:
        return size > self._needed(pairs, 2) or self.margin - size > self._needed(pairs, 1)

    def _needed(self, pairs: int, sides: int) -> float:
        """The distance that both tests of a look need, corrected for the looks and the family."""
        of_seeds, of_both = self._errors(pairs)
        of_student = float(special.stdtrit(pairs - 1, 1 - self._level / sides))
        return max(of_student * of_seeds, float(special.ndtri(1 - self._level / sides)) * of_both)

    def _errors(self, pairs: int) -> tuple[float, float]:
        """Standard errors with so many pairs: over seeds, and over seeds and images."""
        of_seeds = (self.difference_sd or 0.0) / math.sqrt(pairs)
        return of_seeds, math.hypot(self.image_error, of_seeds)

    @property
    def _level(self) -> float:
        """Of a test at one look, as one of the family."""
        return self.alpha / len(self.looks) / self.comparisons


def sequential_contrast(
    treatment: ArrayLike,
    baseline: ArrayLike,
    *,
    looks: Sequence[int],
    margin: float,
    higher_is_better: bool = True,
    confidence: float = 0.95,
    of_images: tuple[ArrayLike, ArrayLike] | None = None,
    alpha: float = 0.05,
) -> SequentialContrast:
    """Compare two arms at the latest planned look.

    Args:
        treatment: One number per seed, shape (n,); those behind the latest look are left out.
        baseline: One number per seed, in the same order of seeds.
        looks: Seed pairs at each planned look, growing; fixed before the first one.
        margin: Half width of the zone in which the arms count as equivalent, in the same unit.
        higher_is_better: Whether a positive difference favours the treatment.
        confidence: Chance that the intervals of all looks hold the difference.
        of_images: Treatment's and baseline's scores of every image, each of shape (n, images);
            None where they are not known.
        alpha: Chance of any error at any look.

    Returns:
        The contrast, as if it were the only one; `holm_over` corrects a family of them.

    Raises:
        InputError: As for `paired_contrast`.

    Example:
        >>> first, second = [0.90, 0.91, 0.92, 0.91, 0.95], [0.87, 0.88, 0.88, 0.88, 0.87]
        >>> contrast = sequential_contrast(first, second, looks=(4, 8), margin=0.002)
        >>> contrast.n, round(contrast.p_value, 4), contrast.verdict
        (4, 0.002, 'better')
    """
    looks = tuple(looks)
    first, second = sample(treatment, "treatment values"), sample(baseline, "baseline values")
    reached = latest_look(min(first.size, second.size), looks)
    if reached is not None:
        first, second = first[:reached], second[:reached]
        if of_images:
            of_images = (np.asarray(of_images[0])[:reached], np.asarray(of_images[1])[:reached])
    # Each look has its share of the errors.
    of_look = 1 - (1 - confidence) / len(looks)
    fixed = paired_contrast(
        first,
        second,
        margin=margin,
        higher_is_better=higher_is_better,
        confidence=of_look,
        of_images=of_images,
        alpha=alpha,
    )
    p_value, image_error = _student_p_value(first - second), 0.0
    equivalence = fixed.equivalence_p_value
    interval = fixed.crossed_interval
    estimate = crossed(*of_images) if of_images else None
    if estimate is not None:
        p_value, image_error = max(p_value, estimate.p_value), estimate.image_error
        interval = _wider(fixed.crossed_interval, fixed.seeds_interval)
    ended = reached is not None

    def over_looks(value: float) -> float:
        return min(1.0, len(looks) * value) if ended else 1.0

    equivalence = None if equivalence is None else over_looks(equivalence)
    known = {each.name: getattr(fixed, each.name) for each in fields(fixed)}
    changed = {
        "treatment": summarise(first, confidence),
        "baseline": summarise(second, confidence),
        "seeds_interval": _over_looks(fixed.seeds_interval, confidence),
        "crossed_interval": _over_looks(interval, confidence),
        "p_value": over_looks(p_value),
        "adjusted_p_value": over_looks(p_value),
        "equivalence_p_value": equivalence,
        "adjusted_equivalence_p_value": equivalence,
        "smallest_p_value": 0.0 if ended else 1.0,
        "smallest_adjusted_p_value": 0.0 if ended else 1.0,
    }
    return SequentialContrast(**known | changed, looks=looks, image_error=image_error)


def _student_p_value(differences: np.ndarray) -> float:
    """Student's paired t test, two-sided; by sign flips where t is undefined."""
    n = differences.size
    if n < 2 or all_equal(differences):
        return float(sign_flip_p_value(differences))
    t = differences.mean() / (differences.std(ddof=1) / math.sqrt(n))
    return 2 * float(special.stdtr(n - 1, -abs(t)))


def _wider(first: Interval | None, second: Interval | None) -> Interval | None:
    if first is None or second is None:
        return first
    return max(first, second, key=lambda each: each.high - each.low)


def _over_looks(interval: Interval | None, confidence: float) -> Interval | None:
    if interval is None:
        return None
    return replace(interval, confidence=confidence, method=f"{interval.method}, at every look")
