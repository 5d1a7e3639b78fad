"""Confidence intervals of a proportion of independent trials."""

from __future__ import annotations

import math

from scipy import special

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
    z = float(special.ndtri((1 + confidence) / 2))
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    spread = z / (1 + z**2 / trials)
    half_width = spread * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    # Where none or all succeed, one end is 0 or 1, and not next to it by rounding.
    low = 0.0 if successes == 0 else middle - half_width
    high = 1.0 if successes == trials else middle + half_width
    return Interval(low, high, confidence, "Wilson's score interval")
