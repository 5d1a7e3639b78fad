"""Ratios of training images against curves whose ratio is known, brute force, and identities."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from convbias.errors import InputError
from convbias.statistics import ImagesRatio, images_ratio
from error_rates import binomial_bounds


@pytest.fixture(autouse=True, scope="module")
def few_resamples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convbias.statistics.data_ratio.RESAMPLES", 400)
        yield


DOUBLING = 100 * 2 ** np.arange(7)  # 100 to 6,400

# Correct test images of two arms at 4 sizes under 3 to 6 seeds.
two_arms = st.integers(3, 6).flatmap(
    lambda seeds: arrays(np.int64, (2, 4, seeds), elements=st.integers(7_000, 9_000))
)


def logarithmic(sizes, factor: float = 1.0) -> np.ndarray:
    """Accuracies 0.5 + 0.05 log(factor * n), one column."""
    return 0.5 + 0.05 * np.log(factor * np.asarray(sizes))[:, None]


def bounds(result: ImagesRatio) -> np.ndarray:
    return np.array([(at.low, at.high) for at in result.at_sizes])


def interval_ends(result: ImagesRatio) -> np.ndarray:
    return np.array([at.interval.ends for at in result.at_sizes])


def isotonic(values) -> np.ndarray:
    """Isotonic regression by its max-min formula."""
    m = len(values)
    return np.array(
        [
            max(min(np.mean(values[j : k + 1]) for k in range(i, m)) for j in range(i + 1))
            for i in range(m)
        ]
    )


# --- curves whose ratio is known ----------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.3, 0.5, 1.0, 2.0, 3.7])
def test_a_curve_shifted_by_a_factor_has_that_ratio(factor):
    # What the seeds share cancels, so that every resample has the same ratio.
    easy_seeds = np.random.default_rng(0).normal(0, 0.003, (1, 8))
    result = images_ratio(
        DOUBLING, logarithmic(DOUBLING, factor) + easy_seeds, logarithmic(DOUBLING) + easy_seeds
    )
    inside = 0
    for at in result.at_sizes:
        needed = factor * at.size
        if DOUBLING[0] <= needed <= DOUBLING[-1]:
            inside += 1
            assert at.ratio == pytest.approx(factor)
            assert at.interval.ends == pytest.approx((factor, factor))
        elif needed > DOUBLING[-1]:
            assert (at.low, at.high) == pytest.approx((DOUBLING[-1] / at.size, math.inf))
            assert at.interval.ends == pytest.approx((DOUBLING[-1] / at.size, math.inf))
        else:
            assert (at.low, at.high) == pytest.approx((0, DOUBLING[0] / at.size))
            assert at.interval.ends == pytest.approx((0, DOUBLING[0] / at.size))
    assert inside >= 5
    assert result.geometric_mean == pytest.approx(factor)
    assert result.interval.ends == pytest.approx((factor, factor))


def test_interpolation_and_repair_by_hand():
    sizes = [100, 200, 400, 800]
    # The dip from 0.80 to 0.78 becomes level at 0.79.
    baseline = [[0.70], [0.80], [0.78], [0.90]]
    treatment = [[0.745], [0.79], [0.845], [0.90]]
    result = images_ratio(sizes, treatment, baseline)
    # 0.745 lies midway from 100 to 200 images and 0.845 from 400 to 800, on the scale of logs;
    # 0.79 is reached from 200 to 400 images, of which 200 are the nearest to 200.
    root = math.sqrt(2)
    assert [at.ratio for at in result.at_sizes] == pytest.approx([root, 1, root, 1])
    assert result.geometric_mean == pytest.approx(2**0.25)
    # The other way round, the level part belongs to the treatment.
    result = images_ratio(sizes, baseline, treatment)
    assert bounds(result)[0] == pytest.approx([0, 1])
    assert [at.ratio for at in result.at_sizes[1:]] == pytest.approx([1, 0.5, 1])


def test_a_level_curve_gives_the_nearest_number_of_images():
    sizes = [100, 200, 400, 800]
    level = [[0.6], [0.8], [0.8], [0.9]]
    treatment = [[0.8], [0.8], [0.8], [0.8]]
    ratios = [at.ratio for at in images_ratio(sizes, treatment, level).at_sizes]
    assert ratios == pytest.approx([2, 1, 1, 0.5])


# --- bounds -------------------------------------------------------------------------------------


def test_better_everywhere_is_only_bounded():
    rng = np.random.default_rng(0)
    sizes = [100, 200, 400]
    better, worse = rng.uniform(0.8, 0.9, (3, 5)), rng.uniform(0.6, 0.7, (3, 5))
    result = images_ratio(sizes, better, worse)
    assert [str(at) for at in result.at_sizes] == ["more than 4", "more than 2", "more than 1"]
    assert [at.ratio for at in result.at_sizes] == [None] * 3
    assert interval_ends(result) == pytest.approx(bounds(result))
    assert result.geometric_mean is None
    assert result.interval is None
    result = images_ratio(sizes, worse, better)
    assert [str(at) for at in result.at_sizes] == [
        "less than 1",
        "less than 0.5",
        "less than 0.25",
    ]
    assert result.geometric_mean is None


def test_a_measured_ratio_may_have_an_open_interval():
    sizes = [100, 200, 400]
    baseline = np.tile([[0.6], [0.7], [0.8]], 6)
    # At 200 images 0.78 on average, but some seeds are better than any baseline.
    treatment = np.array([[0.6] * 6, [0.7, 0.7, 0.7, 0.8, 0.86, 0.92], [0.95] * 6])
    at = images_ratio(sizes, treatment, baseline).at_sizes[1]
    assert at.ratio == pytest.approx(2**0.8)
    assert 1 <= at.interval.low < at.ratio
    assert at.interval.high == math.inf


def test_the_mean_leaves_out_sizes_that_are_only_bounded():
    sizes = [100, 200, 400, 800]
    baseline = np.array([[0.60], [0.70], [0.80], [0.90]])
    result = images_ratio(sizes, [[0.70], [0.75], [0.95], [0.96]], baseline)
    assert [str(at) for at in result.at_sizes] == ["2", "1.41", "more than 2", "more than 1"]
    assert result.geometric_mean == pytest.approx(2**0.75)
    # One size is no mean.
    result = images_ratio(sizes, [[0.75], [0.91], [0.95], [0.96]], baseline)
    assert result.at_sizes[0].ratio == pytest.approx(2**1.5)
    assert result.geometric_mean is None


# --- the interval -------------------------------------------------------------------------------


def brute_force(sizes, treatment, baseline) -> np.ndarray:
    """Measured ratios of all resamples of the seeds, shape (resamples, sizes)."""
    logs = np.log(sizes)
    seeds = treatment.shape[1]
    ratios = []
    for drawn in itertools.product(range(seeds), repeat=seeds):
        targets = isotonic(treatment[:, drawn].mean(axis=1))
        curve = isotonic(baseline[:, drawn].mean(axis=1))
        ratios.append(np.exp(np.interp(targets, curve, logs) - logs))
    return np.array(ratios)


def test_the_interval_resamples_seeds_in_pairs():
    sizes = np.array([100, 200, 400, 800])
    treatment = np.array(
        [[0.72, 0.71, 0.73], [0.77, 0.74, 0.76], [0.80, 0.81, 0.83], [0.85, 0.84, 0.86]]
    )
    baseline = np.array(
        [[0.60, 0.62, 0.61], [0.73, 0.71, 0.74], [0.78, 0.72, 0.76], [0.88, 0.89, 0.91]]
    )
    resamples = brute_force(sizes, treatment, baseline)
    assert len(resamples) == 27
    # Three seeds move the percentiles so far out that the interval is the range.
    result = images_ratio(sizes, treatment, baseline)
    expected = np.stack([resamples.min(axis=0), resamples.max(axis=0)], axis=1)
    assert interval_ends(result) == pytest.approx(expected)
    means = stats.gmean(resamples, axis=1)
    assert result.interval.ends == pytest.approx((means.min(), means.max()))
    # At 50 % the t quantile 0.8165 times sqrt(3 / 2) is 1, and the normal share beyond 1 is 0.159.
    half = images_ratio(sizes, treatment, baseline, confidence=0.5).interval
    assert np.quantile(means, 0.11) <= half.low <= np.quantile(means, 0.21)
    assert np.quantile(means, 0.79) <= half.high <= np.quantile(means, 0.89)
    assert half.confidence == 0.5


def test_coverage_is_near_nominal_with_few_seeds():
    rng = np.random.default_rng(0)
    sizes, factor, repetitions, seeds = DOUBLING[:5], 2.5, 100, 10
    hits = 0
    for _ in range(repetitions):
        shared = rng.normal(0, 0.002, (1, seeds))
        noise = rng.normal(0, 0.004, (2, sizes.size, seeds))
        result = images_ratio(
            sizes,
            logarithmic(sizes, factor) + shared + noise[0],
            logarithmic(sizes) + shared + noise[1],
        )
        hits += result.at_sizes[1].interval.contains(factor)
    low, high = binomial_bounds(0.95, repetitions)
    assert low <= hits / repetitions <= high


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_leave_no_interval(seeds):
    treatment, baseline = np.tile(logarithmic(DOUBLING, 2), seeds), logarithmic(DOUBLING)
    result = images_ratio(DOUBLING, treatment, np.tile(baseline, seeds))
    assert result.geometric_mean == pytest.approx(2)
    assert result.interval is None
    assert all(at.interval is None for at in result.at_sizes)


def test_resampling_is_seeded():
    treatment, baseline = np.random.default_rng(0).normal(0.8, 0.05, (2, 4, 6)).cumsum(axis=1)
    first = images_ratio(DOUBLING[:4], treatment, baseline)
    assert first == images_ratio(DOUBLING[:4], treatment, baseline)
    assert first != images_ratio(DOUBLING[:4], treatment, baseline, seed=1)


# --- identities ---------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(two_arms)
def test_a_measured_ratio_makes_the_arms_equal(arms):
    sizes = DOUBLING[:4]
    result = images_ratio(sizes, *arms / 10_000)
    targets, curve = (isotonic(arm.mean(axis=1)) / 10_000 for arm in arms)
    for at, target in zip(result.at_sizes, targets, strict=True):
        if at.ratio is not None:
            reached = np.interp(math.log(at.ratio * at.size), np.log(sizes), curve)
            assert reached == pytest.approx(target, abs=1e-9)
        elif at.high == math.inf:
            assert target > curve[-1]
            assert at.low == pytest.approx(sizes[-1] / at.size)
        else:
            assert target < curve[0]
            assert (at.low, at.high) == (0, pytest.approx(sizes[0] / at.size))


@settings(max_examples=20, deadline=None)
@given(two_arms)
def test_an_arm_needs_as_many_images_as_itself(arms):
    result = images_ratio(DOUBLING[:4], arms[0] / 10_000, arms[0] / 10_000)
    assert (bounds(result) == 1).all()
    assert (interval_ends(result) == 1).all()
    assert result.geometric_mean == 1
    assert result.interval.ends == (1, 1)


def test_the_order_of_the_seeds_does_not_matter():
    rng = np.random.default_rng(0)
    arms = rng.normal(0.8, 0.02, (2, 4, 10)) + np.arange(4)[:, None] / 100
    here = images_ratio(DOUBLING[:4], *arms)
    assert here.interval.low < here.geometric_mean < here.interval.high
    for _ in range(5):
        assert images_ratio(DOUBLING[:4], *arms[:, :, rng.permutation(10)]) == here


def test_means_that_differ_by_rounding_are_equal():
    # (0.4 + 0.7) + 0.1 is more than (0.1 + 0.4) + 0.7.
    for order in itertools.permutations([0.1, 0.4, 0.7]):
        result = images_ratio([100, 200], [[0.05] * 3, order], [[0.05] * 3, [0.1, 0.4, 0.7]])
        assert [str(at) for at in result.at_sizes] == ["1", "1"]


@settings(max_examples=20, deadline=None)
@given(two_arms, st.sampled_from([(100.0, 0.0), (1.0, -0.7), (20.0, 3.0)]))
def test_units_of_accuracy_and_of_images_do_not_matter(arms, unit):
    factor, zero = unit
    accuracies = arms / 10_000
    here = images_ratio(DOUBLING[:4], *accuracies)
    there = images_ratio(3 * DOUBLING[:4], *(factor * accuracies + zero))
    assert bounds(there) == pytest.approx(bounds(here), rel=1e-6)
    assert interval_ends(there) == pytest.approx(interval_ends(here), rel=1e-6)


# --- input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "treatment", "baseline", "words"),
    [
        ([100], [[0.8]], [[0.7]], "at least two whole numbers"),
        ([100.0, 200.0], [[0.8]] * 2, [[0.7]] * 2, "float64"),
        ([[100, 200]], [[0.8]] * 2, [[0.7]] * 2, r"sizes have shape \(1, 2\)"),
        ([200, 100], [[0.8]] * 2, [[0.7]] * 2, "do not ascend"),
        ([100, 100], [[0.8]] * 2, [[0.7]] * 2, "do not ascend"),
        ([0, 100], [[0.8]] * 2, [[0.7]] * 2, "do not ascend"),
        ([100, 200], [0.8, 0.9], [[0.7]] * 2, r"treatment accuracies have shape \(2,\)"),
        ([100, 200], [[0.8]] * 2, [[0.7, 0.7]] * 2, r"\(2, 1\) and \(2, 2\) at 2 sizes"),
        ([100, 200], [[0.8]] * 3, [[0.7]] * 3, r"\(3, 1\) and \(3, 1\) at 2 sizes"),
        ([100, 200], [[0.8]] * 2, [[0.7], [math.inf]], "1 of 2 baseline accuracies"),
    ],
)
def test_what_cannot_be_compared_is_refused(sizes, treatment, baseline, words):
    with pytest.raises(InputError, match=words):
        images_ratio(sizes, treatment, baseline)
