"""An arm compared with itself, by splitting its runs."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.statistics import crossed_interval, self_comparison, sign_flip_p_value
from error_rates import binomial_bounds

pytestmark = pytest.mark.slow


def runs(seeds: int, images: int, seed_sd: float = 0.0, seed: int = 0) -> np.ndarray:
    """Correctness by chance, with a chance of each image and a shift of each seed."""
    rng = np.random.default_rng(seed)
    chances = np.clip(rng.beta(8, 1, images) + rng.normal(0, seed_sd, (seeds, 1)), 0, 1)
    return rng.random((seeds, images)) < chances


def test_it_is_what_the_two_parts_of_the_verdict_give():
    correct = runs(12, 200, seed_sd=0.05)
    found = self_comparison(correct, injected=0.05, repetitions=60, seed=3)
    order = np.random.default_rng(3).permuted(np.tile(np.arange(12), (60, 1)), axis=1)
    without, with_effect = 0, 0
    for each in order:
        treatment, baseline = correct[each[:6]], correct[each[6:]]
        for added in (0, 0.05):
            interval = crossed_interval(treatment + added, baseline)
            differences = (treatment.mean(axis=1) + added) - baseline.mean(axis=1)
            different = sign_flip_p_value(differences) < 0.05 and not interval.contains(0)
            if added:
                with_effect += different and differences.mean() > 0
            else:
                without += different
    assert (found.pairs, found.repetitions) == (6, 60)
    assert found.found_without == pytest.approx(without / 60)
    assert found.found_with == pytest.approx(with_effect / 60)


def test_nothing_is_found_more_often_than_the_level_says_and_effects_as_predicted():
    rates = []
    for seed in range(40):
        found = self_comparison(runs(20, 2_000, 0.003, seed), injected=0.01, repetitions=50)
        rates.append([found.found_without, found.found_with, found.predicted])
    without, with_effect, predicted = np.mean(rates, axis=0)
    assert without <= binomial_bounds(0.05, 2_000)[1]
    assert with_effect == pytest.approx(predicted, abs=0.08)


def test_too_few_runs_cannot_show_anything():
    assert self_comparison(runs(11, 50)) is None
