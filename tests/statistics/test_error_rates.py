"""Error rates and power of the comparisons on data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convbias.statistics import (
    attainable_level,
    paired_contrast,
    predicted_power,
    simulated_coverage,
    spread_of_differences,
)
from error_rates import binomial_bounds, rates_of_arm, simulated_rates

pytestmark = pytest.mark.slow

SEED_SD = 0.0025


@pytest.mark.parametrize("pairs", [6, 8, 10, 16])
@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_an_arm_against_itself_rejects_at_its_level(pairs, correlation):
    result = simulated_rates(pairs=pairs, seed_sd=SEED_SD, correlation=correlation, seed=pairs)
    low, high = binomial_bounds(attainable_level(pairs), result.repetitions)
    assert low <= result.false_positive_rate <= high


def test_fewer_than_six_pairs_never_reject():
    result = simulated_rates(pairs=5, seed_sd=SEED_SD, injected=1.0, repetitions=500)
    assert result.false_positive_rate == result.power == result.predicted_power == 0


@pytest.mark.parametrize(
    ("pairs", "seed_sd", "correlation", "promised"),
    [
        # The pairs that `pairs_needed` names for 0.3 percentage points.
        (10, 0.0020, 0.0, 0.80),
        (17, 0.0025, 0.0, 0.90),
        (24, 0.0030, 0.0, 0.90),
        (10, 0.0025, 0.3, 0.80),
    ],
)
def test_an_injected_difference_is_found_with_the_promised_power(
    pairs, seed_sd, correlation, promised
):
    result = simulated_rates(
        pairs=pairs, seed_sd=seed_sd, correlation=correlation, repetitions=2_000, seed=1
    )
    assert result.predicted_power >= promised
    low, high = binomial_bounds(result.predicted_power, result.repetitions)
    assert low - 0.01 <= result.power <= high + 0.01


@pytest.mark.parametrize("pairs", [6, 8, 12])
def test_predicted_power_is_close_even_where_it_is_low(pairs):
    result = simulated_rates(pairs=pairs, seed_sd=SEED_SD, correlation=0.3, seed=2)
    assert result.power == pytest.approx(result.predicted_power, abs=0.07 if pairs == 6 else 0.035)


@pytest.mark.parametrize("pairs", [5, 10, 20])
def test_a_difference_that_matters_is_not_called_equivalent(pairs):
    result = simulated_rates(
        pairs=pairs, seed_sd=0.0015, correlation=0.3, repetitions=2_000, seed=3
    )
    _, high = binomial_bounds(0.05, result.repetitions)
    assert result.false_equivalence_rate <= high
    if pairs >= 10:  # and with enough pairs the test is no blunter than its level
        assert result.false_equivalence_rate >= 0.03


def test_a_biased_test_would_be_caught():
    # The bounds are tight enough to notice a test at the level of 10 %.
    low, high = binomial_bounds(0.05, 4_000)
    assert not low <= 0.10 <= high
    honest = simulated_rates(pairs=10, seed_sd=SEED_SD, alpha=0.1)
    assert not low <= honest.false_positive_rate <= high


def test_contrasts_as_a_whole_err_and_find_as_their_tests_do():
    # The verdict also asks for an interval beside the p-value; that must not cost power.
    rng = np.random.default_rng(4)
    sd = spread_of_differences(0.002)
    verdicts = {0.0: [], 0.003: []}
    for _ in range(300):
        noise = rng.normal(0, sd, 10)
        for difference, found in verdicts.items():
            result = paired_contrast(0.9 + difference + noise, np.full(10, 0.9), margin=0.0002)
            found.append(result.verdict)
    low, high = binomial_bounds(attainable_level(10), 300)
    assert low <= np.mean([verdict in {"better", "worse"} for verdict in verdicts[0.0]]) <= high
    low, high = binomial_bounds(predicted_power(10, 0.003, sd), 300)
    assert low <= np.mean([verdict == "better" for verdict in verdicts[0.003]]) <= high


def test_a_real_arm_against_itself():
    values = 0.9 + np.random.default_rng(5).normal(0, 0.002, 20)
    result = rates_of_arm(values)
    assert result.pairs == 10
    low, high = binomial_bounds(attainable_level(10), result.repetitions)
    assert low <= result.false_positive_rate <= high
    expected = predicted_power(10, 0.003, math.sqrt(2) * float(values.std(ddof=1)))
    assert result.predicted_power == pytest.approx(expected)
    assert result.power == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("seeds", [5, 10, 30])
def test_coverage_is_what_the_intervals_promise(seeds):
    found = simulated_coverage(seeds, images=300, repetitions=800, seed=seeds)
    low, high = binomial_bounds(0.95, 800)
    assert low <= found.of_seeds <= high
    # With few seeds the interval over both is a little too wide, never too narrow.
    assert low <= found.crossed <= max(high, 0.985)
    # Seeds alone say too little about new images, the less the more seeds there are.
    if seeds == 30:
        assert found.of_seeds_for_new_images < 0.85
