"""Statistics against answers by hand, scipy, brute force, and identities."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from convbias.errors import InputError
from convbias.statistics import (
    Contrast,
    Interval,
    attainable_level,
    benjamini_hochberg,
    benjamini_hochberg_over,
    crossed_interval,
    fewest_pairs,
    holm,
    holm_over,
    mean_interval,
    paired_contrast,
    pairs_needed,
    predicted_power,
    prediction_interval,
    sign_flip_p_value,
    smallest_p_value,
    spread_of_differences,
    summarise,
)

# Accuracies of 10,000 test images: whole numbers of images, so that ties are common.
correct_images = st.integers(8_000, 8_050)
pairs_of_arms = st.integers(3, 9).flatmap(
    lambda n: st.tuples(
        st.lists(correct_images, min_size=n, max_size=n),
        st.lists(correct_images, min_size=n, max_size=n),
    )
)


def contrast(treatment, baseline, margin: float = 0.002, **more: Any) -> Contrast:
    return paired_contrast(treatment, baseline, margin=margin, **more)


def accuracies(mean: float, sd: float, n: int, seed: int = 0) -> np.ndarray:
    """Values with exactly this mean and standard deviation."""
    values = np.random.default_rng(seed).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


# --- sign flips ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        ([1.0], 1.0),
        ([1.0, 2.0], 0.5),
        ([1.0, 2.0, 3.0], 2 / 8),
        ([-1.0, -2.0, -3.0], 2 / 8),
        ([1.0, 2.0, -3.0], 1.0),
        (
            [3.0, 1.0, -1.0],
            6 / 8,
        ),  # all +, or all but one of the ones, and their negatives
        ([1.0] * 6, 2 / 64),
        ([0.0, 0.0, 0.0], 1.0),
    ],
)
def test_sign_flips_by_hand(differences, p_value):
    assert sign_flip_p_value(differences) == p_value


def brute_force(counts: list[int]) -> float:
    """The p-value in integer arithmetic, without rounding."""
    observed = abs(sum(counts))
    sums = [
        abs(sum(sign * count for sign, count in zip(signs, counts, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(counts))
    ]
    return sum(value >= observed for value in sums) / len(sums)


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=10), st.integers(0, 10_000))
def test_sign_flips_count_ties_despite_rounding(counts, base):
    treatment = (base + np.array(counts)) / 10_000
    assert sign_flip_p_value(treatment - base / 10_000) == brute_force(counts)


@pytest.mark.parametrize("n", [2, 3, 7, 8, 12])
def test_sign_flips_agree_with_scipy(n):
    differences = np.random.default_rng(n).normal(0.4, 1, n)
    reference = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=10_000,
        vectorized=True,
    )
    assert sign_flip_p_value(differences) == pytest.approx(reference.pvalue, abs=1e-12)


def test_sign_flips_of_many_samples_are_those_of_each():
    differences = np.random.default_rng(0).normal(0.3, 1, (4, 3, 11))
    p_values = sign_flip_p_value(differences)
    assert p_values.shape == (4, 3)
    assert p_values[2, 1] == sign_flip_p_value(differences[2, 1])


def test_random_signs_beyond_the_exact_range():
    differences = np.random.default_rng(5).normal(0.3, 1, 60)
    p_value = float(sign_flip_p_value(differences))
    assert p_value == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.005)
    assert p_value == sign_flip_p_value(differences, seed=0)
    assert p_value != sign_flip_p_value(differences, seed=1)
    assert sign_flip_p_value(np.ones(60)) == 1 / 100_000  # never 0


def test_exact_and_random_signs_agree(monkeypatch):
    differences = np.random.default_rng(3).normal(0.4, 1, 20)
    exact = float(sign_flip_p_value(differences))
    monkeypatch.setattr("convbias.statistics.sign_flips.EXACT_PAIRS", 19)
    assert sign_flip_p_value(differences) == pytest.approx(exact, abs=0.005)


def test_thirty_pairs_are_exact():
    assert sign_flip_p_value(np.ones(30)) == 2 / 2**30


def test_fewer_than_six_pairs_can_never_be_significant():
    assert [smallest_p_value(n) for n in (1, 3, 5, 6)] == [1, 0.25, 0.0625, 0.03125]
    assert [n for n in range(1, 12) if sign_flip_p_value(np.ones(n)) >= 0.05] == [1, 2, 3, 4, 5]
    assert fewest_pairs(0.05) == 6
    assert fewest_pairs(0.05 / 4) == 8
    assert fewest_pairs(0.01) == 8


def test_attainable_level_is_the_largest_step_below_alpha():
    # 2k / 1,024 < 0.05 allows k = 25.
    assert attainable_level(10) == 50 / 1024
    # A p-value of exactly alpha does not reject.
    assert attainable_level(3, alpha=0.25) == 0


# --- intervals ----------------------------------------------------------------------------------


def test_t_and_prediction_interval_by_hand():
    # The 97.5 % point of t with 2 degrees of freedom is 4.30265; mean 2, sd 1.
    mean = mean_interval([1, 2, 3])
    assert mean is not None
    assert mean.ends == pytest.approx(
        (2 - 4.30265 / math.sqrt(3), 2 + 4.30265 / math.sqrt(3)), 1e-5
    )
    single = prediction_interval([1, 2, 3])
    assert single is not None
    half_width = 4.30265 * math.sqrt(4 / 3)
    assert single.ends == pytest.approx((2 - half_width, 2 + half_width), 1e-5)


def test_mean_interval_agrees_with_scipy():
    values = np.random.default_rng(0).normal(size=12)
    reference = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    interval = mean_interval(values, confidence=0.9)
    assert interval is not None
    assert interval.ends == pytest.approx(tuple(reference))


def test_prediction_interval_covers_the_next_run():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        *values, following = rng.normal(0.9, 0.002, 6)
        interval = prediction_interval(values)
        hits += interval is not None and interval.contains(following)
    low, high = stats.binom.interval(0.999, 2_000, 0.95)
    assert low <= hits <= high


def test_a_single_value_has_neither_spread_nor_interval():
    summary = summarise([0.9])
    assert (summary.n, summary.mean, summary.sd, summary.interval) == (1, 0.9, None, None)
    assert prediction_interval([0.9]) is None


def test_summary_of_equal_values():
    summary = summarise([0.5, 0.5, 0.5])
    assert summary.sd == 0
    assert summary.interval is not None
    assert summary.interval.ends == (0.5, 0.5)


# --- paired contrasts ---------------------------------------------------------------------------


def test_contrast_by_hand():
    result = contrast([0.90, 0.91, 0.92], [0.87, 0.90, 0.92])
    assert result.n == 3
    assert result.difference == pytest.approx(0.04 / 3)
    assert result.treatment.sd == pytest.approx(0.01)
    assert result.difference_sd == pytest.approx(np.std([0.03, 0.01, 0.0], ddof=1))
    assert result.correlation == pytest.approx(np.corrcoef([0, 1, 2], [-3, 0, 2])[0, 1])
    assert result.p_value == 4 / 8  # a difference of 0 has no sign: +++, ++-, and both negated
    assert result.probability_better == (2 + 0.5) / 3
    assert result.verdict == "undecided"


def test_equivalence_is_the_larger_of_two_one_sided_t_tests():
    first, second = accuracies(0.9, 0.002, 8, seed=1), accuracies(0.9005, 0.002, 8, seed=2)
    differences = first - second
    error = differences.std(ddof=1) / math.sqrt(8)
    above = stats.t.sf((differences.mean() + 0.002) / error, 7)
    below = stats.t.cdf((differences.mean() - 0.002) / error, 7)
    result = contrast(first, second)
    assert result.equivalence_p_value == pytest.approx(max(above, below))


def test_equal_differences_have_no_t_and_fall_back_on_sign_flips():
    inside = contrast(np.full(6, 0.901), np.full(6, 0.900))
    assert inside.equivalence_p_value == 1 / 64
    assert inside.verdict == "equivalent"
    assert inside.correlation is None
    outside = contrast(np.full(6, 0.91), np.full(6, 0.90))
    assert outside.equivalence_p_value == 1.0
    assert outside.verdict == "better"
    # Two runs may well agree by chance.
    assert contrast([0.9, 0.9], [0.9, 0.9]).verdict == "undecided"


def test_verdicts():
    baseline = accuracies(0.90, 0.001, 10, seed=1)
    noise = accuracies(0, 0.001, 10, seed=2)
    better = contrast(baseline + 0.01 + noise, baseline)
    assert better.verdict == "better"
    assert contrast(baseline, baseline + 0.01 + noise).verdict == "worse"
    lower = contrast(baseline - 0.01 + noise, baseline, higher_is_better=False)
    assert lower.verdict == "better"
    assert lower.probability_better == 1
    assert contrast(baseline + noise, baseline).verdict == "equivalent"
    assert contrast(baseline + 5 * noise, baseline).verdict == "undecided"


def test_a_difference_too_small_to_matter_is_equivalent_and_keeps_its_sign():
    baseline = accuracies(0.90, 0.001, 10, seed=1)
    result = contrast(baseline + 0.0008 + accuracies(0, 0.0003, 10, seed=2), baseline)
    assert result.different
    assert result.favourable
    assert result.verdict == "equivalent"


def test_one_and_two_pairs():
    one = contrast([0.9], [0.8])
    assert (one.p_value, one.interval, one.difference_sd, one.equivalence_p_value) == (
        1.0,
        None,
        None,
        None,
    )
    assert one.verdict == "undecided"
    two = contrast([0.9, 0.91], [0.8, 0.82])
    assert (two.p_value, two.interval, two.correlation) == (0.5, None, None)


def test_limit_says_what_could_never_be_shown():
    result = contrast(accuracies(0.95, 0.001, 5), accuracies(0.90, 0.001, 5, seed=1))
    assert result.p_value == result.smallest_p_value == 0.0625
    assert result.verdict == "undecided"
    assert result.limit is not None
    assert "With 5 seed pairs" in result.limit
    assert "0.0625" in result.limit
    assert "takes 6 seed pairs" in result.limit
    enough = contrast(accuracies(0.95, 0.001, 6), accuracies(0.90, 0.001, 6, seed=1))
    assert enough.limit is None
    assert enough.verdict == "better"


def test_limit_of_a_family_asks_for_more_pairs():
    six = contrast(accuracies(0.95, 0.001, 6), accuracies(0.90, 0.001, 6, seed=1))
    family = holm_over([six] * 4)
    assert all(member.adjusted_p_value == 4 / 32 for member in family)
    assert all(member.verdict == "undecided" for member in family)
    assert family[0].limit is not None
    assert "0.125 after correction for 4 contrasts" in family[0].limit
    assert "takes 8 seed pairs" in family[0].limit
    # Beside three contrasts that are shown already, six pairs are enough for the fourth.
    ten = contrast(accuracies(0.95, 0.001, 10), accuracies(0.90, 0.001, 10, seed=1))
    mixed = holm_over([six, ten, ten, ten])
    assert mixed[0].limit is None
    assert mixed[0].verdict == "better"
    # And ten pairs that happen to show nothing are not too few.
    nothing = contrast(accuracies(0.9, 0.01, 10), accuracies(0.9, 0.01, 10, seed=1))
    assert nothing.p_value > 0.05
    assert [member.limit for member in holm_over([nothing, nothing, nothing])] == [None] * 3


def test_limit_of_a_hopeless_spread_promises_nothing():
    result = contrast([1e9, -1e9, 3e9], [0, 0, 0], margin=1e-9)
    assert result.limit is not None
    assert "power" not in result.limit


@settings(max_examples=40, deadline=None)
@given(pairs_of_arms)
def test_swapping_the_arms_mirrors_everything(arms):
    first, second = (np.array(arm) / 10_000 for arm in arms)
    forward, backward = contrast(first, second), contrast(second, first)
    assert backward.difference == pytest.approx(-forward.difference, abs=1e-15)
    assert backward.p_value == forward.p_value
    assert backward.probability_better == pytest.approx(1 - forward.probability_better)
    assert backward.equivalence_p_value == pytest.approx(forward.equivalence_p_value)
    assert forward.interval is not None
    assert backward.interval is not None
    assert backward.interval.ends == pytest.approx(
        (-forward.interval.high, -forward.interval.low), abs=1e-12
    )
    mirrored = {"better": "worse", "worse": "better"}
    assert backward.verdict == mirrored.get(forward.verdict, forward.verdict)


@settings(max_examples=40, deadline=None)
@given(pairs_of_arms, st.integers(-7_000, 1_000))
def test_shifting_both_arms_changes_no_comparison(arms, shift):
    first, second = (np.array(arm) / 10_000 for arm in arms)
    here = contrast(first, second)
    there = contrast((np.array(arms[0]) + shift) / 10_000, (np.array(arms[1]) + shift) / 10_000)
    assert there.p_value == here.p_value
    assert there.difference == pytest.approx(here.difference, abs=1e-12)
    assert there.probability_better == here.probability_better
    assert there.verdict == here.verdict


@settings(max_examples=40, deadline=None)
@given(pairs_of_arms, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_does_not_matter(arms, random):
    order = list(range(len(arms[0])))
    random.shuffle(order)
    first, second = (np.array(arm) / 10_000 for arm in arms)
    here, there = contrast(first, second), contrast(first[order], second[order])
    assert there.p_value == here.p_value
    assert there.difference == pytest.approx(here.difference, abs=1e-15)
    assert there.equivalence_p_value == pytest.approx(here.equivalence_p_value)


@settings(max_examples=40, deadline=None)
@given(pairs_of_arms)
def test_no_verdict_without_its_evidence(arms):
    result = contrast(np.array(arms[0]) / 10_000, np.array(arms[1]) / 10_000)
    assert result.interval is not None
    assert result.interval.contains(result.difference)
    assert result.p_value >= result.smallest_p_value
    if result.verdict in {"better", "worse"}:
        assert result.p_value < 0.05
        assert not result.interval.contains(0)
    assert (result.limit is not None) == (result.n < 6)


@pytest.mark.parametrize(
    ("treatment", "baseline", "words"),
    [
        ([], [], "shape"),
        ([[0.9]], [[0.8]], "shape"),
        ([0.9, 0.8], [0.9], "cannot be paired"),
        ([0.9, math.nan], [0.9, 0.8], "not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(treatment, baseline, words):
    with pytest.raises(InputError, match=words):
        contrast(treatment, baseline)


def test_a_margin_must_be_positive():
    with pytest.raises(InputError, match="margin"):
        contrast([0.9, 0.8], [0.9, 0.8], margin=0)


# --- families -----------------------------------------------------------------------------------


def test_holm_and_benjamini_hochberg_by_hand():
    # Holm: 3 x 0.01, 2 x 0.03, 1 x 0.04 raised to the one before.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    # Benjamini-Hochberg: 3/1 x 0.01, 3/2 x 0.03 lowered to the one behind, 3/3 x 0.04.
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.7, 0.8]) == pytest.approx([1, 1])
    assert holm([]).shape == (0,)
    assert holm_over([]) == []


P_VALUES = st.lists(st.sampled_from([0.0, 1.0]) | st.floats(0, 1), min_size=1, max_size=12)


@given(P_VALUES)
def test_holm_rejects_what_its_steps_reject(p_values):
    """Level by level: the smallest of m is compared with alpha / m, the next with alpha / (m - 1).

    Only at levels between the adjusted values, where rounding decides nothing.
    """
    adjusted = holm(p_values)
    steps = np.unique([0, *adjusted, 1])
    for alpha in (steps[:-1] + steps[1:]) / 2:
        rejected = set()
        for left, index in zip(range(len(p_values), 0, -1), np.argsort(p_values), strict=True):
            if p_values[index] > alpha / left:
                break
            rejected.add(int(index))
        assert rejected == set(np.flatnonzero(adjusted <= alpha).tolist())


@given(P_VALUES)
def test_benjamini_hochberg_is_what_scipy_computes(p_values):
    theirs = stats.false_discovery_control(p_values)
    assert benjamini_hochberg(p_values) == pytest.approx(theirs, rel=1e-12, abs=0)


def test_holm_takes_back_a_verdict():
    # The sum is 27 of at most 29: as extreme are all +, a flip of either 1, and their negatives.
    weak = contrast(np.array([1.0, 2, 3, 4, 5, 6, 7, -1]) / 100, np.zeros(8))
    assert weak.p_value == 6 / 256
    assert weak.verdict == "better"
    corrected = holm_over([weak, weak, weak, weak])[0]
    assert corrected.p_value == weak.p_value
    assert corrected.adjusted_p_value == 4 * 6 / 256
    assert corrected.verdict == "undecided"
    assert benjamini_hochberg_over([weak, weak, weak, weak])[0].verdict == "better"


def test_holm_corrects_equivalence_too():
    baseline = accuracies(0.9, 0.001, 10, seed=1)
    close = contrast(baseline + accuracies(0, 0.003, 10, seed=2), baseline)
    assert close.equivalence_p_value is not None
    assert 0.0125 < close.equivalence_p_value < 0.05
    assert close.verdict == "equivalent"
    single = contrast([0.9], [0.9])  # equivalence untested: counts, but stays untested
    corrected = holm_over([close, single, single, single])
    assert corrected[0].adjusted_equivalence_p_value == pytest.approx(4 * close.equivalence_p_value)
    assert corrected[0].verdict == "undecided"
    assert corrected[1].adjusted_equivalence_p_value is None


# --- power --------------------------------------------------------------------------------------


def test_the_published_numbers_of_pairs():
    # 9, 16 and 23 pairs: the paired t test for independent arms, truncated.
    asked = ((0.2, 0.8), (0.25, 0.9), (0.3, 0.9))

    def excess_power(pairs: float, sd: float, power: float) -> float:
        critical = stats.t.isf(0.025, pairs - 1)
        effect = 0.3 / spread_of_differences(sd) * math.sqrt(pairs)
        return stats.nct.sf(critical, pairs - 1, effect) - power  # the other tail is negligible

    unrounded = [optimize.brentq(excess_power, 3, 100, args=each) for each in asked]
    assert unrounded == pytest.approx([9.08, 16.63, 23.02], abs=0.005)
    assert [pairs_needed(0.3, spread_of_differences(sd), power=power) for sd, power in asked] == [
        10,
        17,
        24,
    ]
    spreads = [spread_of_differences(sd) for sd in (0.2, 0.25, 0.3)]
    assert [pairs_needed(0.3, spread) for spread in spreads] == [10, 13, 18]
    assert [pairs_needed(0.3, spread, power=0.9) for spread in spreads] == [12, 17, 24]


def test_the_spread_of_differences():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=100_000), rng.normal(size=(2, 100_000))
    first, second = 0.25 * (math.sqrt(0.4) * shared + math.sqrt(0.6) * own)
    assert spread_of_differences(0.25, 0.4) == pytest.approx((first - second).std(), rel=0.01)


@given(
    st.floats(0.01, 5),
    st.floats(0.01, 5),
    st.floats(0.1, 0.99),
    st.sampled_from([0.05, 0.01, 0.0125]),
)
def test_pairs_needed_are_the_fewest_that_do(difference, spread, power, alpha):
    pairs = pairs_needed(difference, spread, power=power, alpha=alpha)
    assert pairs is not None
    assert predicted_power(pairs, difference, spread, alpha=alpha) >= power
    assert predicted_power(pairs - 1, difference, spread, alpha=alpha) < power
    assert pairs >= fewest_pairs(alpha)
    assert pairs_needed(-difference, spread, power=power, alpha=alpha) == pairs


def test_pairs_needed_at_the_edges():
    assert pairs_needed(0, 1) is None
    assert pairs_needed(1e-9, 1) is None
    assert pairs_needed(1, 0) == 6
    assert pairs_needed(1_000, 1) == 6
    assert predicted_power(5, 1_000, 1) == 0  # five pairs can never show anything


# --- crossed interval ----------------------------------------------------------------------------


def crossed_of(differences: np.ndarray) -> Interval:
    interval = crossed_interval(differences, np.zeros_like(differences))
    assert interval is not None
    return interval


def test_crossed_interval_by_hand():
    # Means of seeds 2, 2, 5 and of images 2, 4; residuals 0, 0, 1, -1, -1, 1. Mean squares:
    # seeds 2 * 3, images 3 * 2, rest 4 / (2 * 1).
    interval = crossed_of(np.array([[1.0, 3], [2, 2], [3, 7]]))
    freedom = 10**2 / (6**2 / 2 + 6**2 / 1 + 2**2 / 2)
    half_width = stats.t.ppf(0.975, freedom) * math.sqrt((6 + 6 - 2) / 6)
    assert interval.ends == pytest.approx((3 - half_width, 3 + half_width))


def test_crossed_interval_of_a_constant_difference():
    correct = np.ones((4, 50), dtype=bool)
    interval = crossed_interval(correct, ~correct)
    assert interval is not None
    assert interval.ends == (1, 1)


def test_crossed_interval_where_only_seeds_or_only_images_differ():
    for values in (accuracies(0.03, 0.01, 20), accuracies(0.03, 0.3, 400)):
        alone = mean_interval(values)
        assert alone is not None
        of_seeds = np.repeat(values[:, None], 40, axis=1)
        assert crossed_of(of_seeds).ends == pytest.approx(alone.ends)
        assert crossed_of(of_seeds.T).ends == pytest.approx(alone.ends)


def test_crossed_interval_adds_the_parts_of_the_variance():
    rng = np.random.default_rng(1)
    seeds, images = 60, 900
    seed_part, image_part = accuracies(0, 0.02, seeds), accuracies(0, 0.2, images, seed=2)
    cell_part = 0.3 * rng.normal(size=(seeds, images))
    variance = 0.02**2 / seeds + 0.2**2 / images + 0.3**2 / (seeds * images)
    low, high = crossed_of(seed_part[:, None] + image_part[None, :] + cell_part).ends
    assert (high - low) / 2 == pytest.approx(1.97 * math.sqrt(variance), rel=0.1)


@given(st.integers(3, 8), st.integers(2, 30), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_crossed_interval_is_at_least_what_either_part_gives(seeds, images, seed):
    differences = np.random.default_rng(seed).integers(-1, 2, (seeds, images)).astype(float)
    low, high = crossed_of(differences).ends
    assert low <= differences.mean() <= high
    for means in (differences.mean(axis=0), differences.mean(axis=1)):
        error = means.std(ddof=1) / math.sqrt(means.size)
        assert high - low >= 2 * 1.95 * error - 1e-12


def test_crossed_interval_keeps_images_paired():
    # Both arms fail on the same images, so the images' difficulty must cancel.
    rng = np.random.default_rng(0)
    baseline = np.repeat(rng.random((1, 500)) < 0.8, 10, axis=0)
    interval = crossed_interval(baseline, baseline)
    assert interval is not None
    assert interval.ends == (0, 0)


def test_crossed_interval_needs_three_seeds_and_two_images():
    first, second = np.random.default_rng(0).random((2, 5, 60))
    assert crossed_interval(first[:2], second[:2]) is None
    assert crossed_interval(first[:, :1], second[:, :1]) is None
    assert crossed_interval(first, second, 0.99).high > crossed_interval(first, second).high


def test_a_verdict_asks_for_the_interval_over_seeds_and_images():
    rng = np.random.default_rng(0)
    # Every seed finds the treatment better on these 40 images, of which a few decide.
    differences = np.tile(np.r_[np.ones(4), -np.ones(2), np.zeros(34)], (10, 1))
    differences += 0.01 * rng.normal(size=differences.shape)
    scores = differences.mean(axis=1)
    alone = contrast(scores, np.zeros(10))
    assert alone.verdict == "better"
    both = contrast(scores, np.zeros(10), of_images=(differences, np.zeros_like(differences)))
    assert both.p_value == alone.p_value
    assert both.interval == both.crossed_interval == crossed_of(differences)
    assert both.seeds_interval == alone.interval
    assert both.verdict == "undecided"


@pytest.mark.parametrize(
    ("treatment", "baseline", "words"),
    [
        (np.ones((3, 4)), np.ones((4, 4)), r"\(3, 4\) and \(4, 4\)"),
        (np.ones(4), np.ones(4), "cannot be crossed"),
        (np.full((3, 4), np.nan), np.ones((3, 4)), "finite"),
    ],
)
def test_what_cannot_be_crossed_is_refused(treatment, baseline, words):
    with pytest.raises(InputError, match=words):
        crossed_interval(treatment, baseline)


def test_the_smallest_findable_difference_is_found_with_80_percent_power():
    rng = np.random.default_rng(0)
    result = paired_contrast(rng.normal(size=12), rng.normal(size=12), margin=0.1)
    size = result.smallest_findable()
    assert size is not None
    assert result.difference_sd is not None
    assert predicted_power(12, size, result.difference_sd) == pytest.approx(0.8, abs=1e-4)
    family = holm_over([result] * 4)[0]
    stricter = family.smallest_findable()
    assert stricter is not None
    power = predicted_power(12, stricter, result.difference_sd, alpha=0.05 / 4)
    assert power == pytest.approx(0.8, abs=1e-4)
    assert result.smallest_findable(5) is None
    more = result.smallest_findable(24)
    assert more is not None
    assert more < size


def test_arms_that_err_on_other_images_are_not_equivalent() -> None:
    # Of 100 images each arm alone is right on five, with every seed: no difference over seeds, and
    # over images 0.1 ** 0.5 / 100 ** 0.5 = 3.2 points of standard error, far above the margin.
    first, second = np.ones((10, 100)), np.ones((10, 100))
    first[:, :5], second[:, 5:10] = 0, 0
    # One more error of both, of another image with every seed, so that seeds do vary.
    for seed in range(10):
        first[seed, 20 + seed] = second[seed, 40 + (seed % 3)] = 0
    means = first.mean(axis=1), second.mean(axis=1)
    assert paired_contrast(*means, margin=0.002).verdict == "equivalent"
    over_images = paired_contrast(*means, margin=0.002, of_images=(first, second))
    assert over_images.verdict == "undecided"
    assert over_images.equivalence_p_value == pytest.approx(0.5, abs=0.03)
