"""Confidence intervals of a proportion of independent trials."""

from __future__ import annotations

from scipy import stats

from convbias.errors import InputError
from convbias.statistics.intervals import Interval


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion.

    Unlike the normal one it stays between 0 and 1, and keeps its coverage where nearly all or
    nearly none succeed (Brown, Cai and DasGupta 2001, "Interval Estimation for a Binomial
    Proportion").

    Args:
        successes: Number of successful trials, 0 to `trials`.
        trials: Number of independent trials, at least 1.
        confidence: Nominal coverage.

    Returns:
        The interval, as shares from 0 to 1.

    Raises:
        InputError: There are no trials, or fewer or more successes than there can be.

    Example:
        >>> [round(end, 4) for end in wilson_interval(9, 10).ends]
        [0.5958, 0.9821]
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise InputError(
            f"{successes} of {trials} trials succeeded",
            "at least 1 trial, and from 0 to all of them successful",
        )
    ends = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), float(ends.high), confidence, "Wilson's score interval")
