"""How often the intervals of a contrast hold the true difference, by simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from convbias.statistics.crossed import crossed_interval
from convbias.statistics.intervals import Interval, mean_interval

_POPULATION = 20_000  # images from which test sets are drawn
# An image's log odds of being correct: most are nearly always correct, as on Fashion-MNIST.
_EASE, _EASE_SD = 4.0, 3.0
_DISAGREEMENT_SD = 1.0  # between the two arms, in log odds of an image
_SHIFTS = special.ndtri((np.arange(64) + 0.5) / 64)  # of a seed, in standard deviations


@dataclass(frozen=True)
class Coverage:
    """Fractions of simulated comparisons in which an interval held the true difference.

    Args:
        of_seeds: Interval over seeds, and the truth for new seeds on the same test images.
        of_seeds_for_new_images: Interval over seeds, and the truth for new images as well.
        crossed: Interval over seeds and images, and the truth for new images as well.
    """

    of_seeds: float
    of_seeds_for_new_images: float
    crossed: float


def simulated_coverage(
    seeds: int,
    images: int = 500,
    seed_sd: float = 0.1,
    repetitions: int = 1_000,
    seed: int = 0,
) -> Coverage:
    """Compare two arms whose true difference is known, many times.

    Every image has log odds of being classified correctly by each arm, every seed adds its own to
    all images, and each network's answer to each image is drawn by itself.

    Args:
        seeds: Seed pairs of a comparison, at least 3.
        images: Test images of a comparison, drawn anew each time.
        seed_sd: Standard deviation of what a seed adds to the log odds.
        repetitions: Number of comparisons.
        seed: Random seed of the simulation.
    """
    rng = np.random.default_rng(seed)
    ease = rng.normal(_EASE, _EASE_SD, _POPULATION)
    log_odds = np.stack([ease, ease + rng.normal(0, _DISAGREEMENT_SD, _POPULATION)])
    # Each arm's chance of being correct on each image, over all seeds.
    expected = special.expit(log_odds[..., None] + seed_sd * _SHIFTS).mean(axis=-1)
    difference = expected[0] - expected[1]
    held = np.zeros(3)
    for _ in range(repetitions):
        chosen = rng.integers(_POPULATION, size=images)
        shifts = rng.normal(0, seed_sd, (2, seeds, 1))
        chances = special.expit(log_odds[:, None, chosen] + shifts)
        treatment, baseline = rng.random(chances.shape) < chances
        of_seeds = mean_interval((treatment * 1.0 - baseline).mean(axis=1))
        held += [
            _holds(of_seeds, difference[chosen].mean()),
            _holds(of_seeds, difference.mean()),
            _holds(crossed_interval(treatment, baseline), difference.mean()),
        ]
    return Coverage(*(held / repetitions).tolist())


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.contains(float(truth))
