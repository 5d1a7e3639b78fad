"""Shares of a gap against answers by hand, the t test they are defined by, and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from convbias.errors import InputError
from convbias.statistics import shares_of_gap
from error_rates import binomial_bounds

# Correct test images of 3 to 6 rungs under 3 to 8 seeds.
ladders = st.tuples(st.integers(3, 6), st.integers(3, 8)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(8_000, 9_500))
)


# The same, with a gap of 1,200 to 1,800 images under every seed, which three seeds tell from zero.
ladders_with_a_gap = ladders.map(
    lambda images: np.concatenate(
        [images[:-1], images[:1] + 1_500 + (images[-1:] - 8_750) * 2 // 5]
    )
)


def shares(scores) -> np.ndarray:
    return np.array([step.share for step in shares_of_gap(scores)], dtype=np.float64)


def ends(scores) -> list[tuple[float, float]]:
    return [step.interval.ends for step in shares_of_gap(scores)]


# --- answers by hand ----------------------------------------------------------------------------


def test_shares_by_hand():
    scores = [[0.80, 0.82, 0.81], [0.85, 0.86, 0.84], [0.90, 0.92, 0.91]]
    first, second = shares_of_gap(scores)
    # Gains of 0.05, 0.04, 0.03, then 0.05, 0.06, 0.07; the gap is 0.1 under every seed.
    assert (first.difference, second.difference) == pytest.approx((0.04, 0.06))
    assert (first.share, second.share) == pytest.approx((0.4, 0.6))
    assert (first.gap.n, first.gap.mean) == (3, pytest.approx(0.1))
    assert first.gap_shown
    assert first.limit is None
    # A gap without spread leaves Student's t interval of the gain, divided by the gap.
    half_width = 4.30265 * 0.01 / math.sqrt(3) / 0.1
    assert first.interval.ends == pytest.approx((0.4 - half_width, 0.4 + half_width), 1e-5)
    assert second.interval.ends == pytest.approx((0.6 - half_width, 0.6 + half_width), 1e-5)
    assert first.interval.confidence == 0.95


def test_a_step_may_lose_and_another_gain_more_than_the_whole():
    bottom = np.array([0.80, 0.81, 0.80, 0.79])
    assert shares([bottom, bottom + 0.15, bottom + 0.10]) == pytest.approx([1.5, -0.5])


def test_a_falling_ladder_has_shares_too():
    loss = np.array([0.40, 0.41, 0.42])
    assert shares([loss, loss - 0.03, loss - 0.12]) == pytest.approx([0.25, 0.75])


def test_a_single_step_is_the_whole_gap():
    (step,) = shares_of_gap([[0.80, 0.82, 0.81], [0.90, 0.93, 0.90]])
    assert step.share == 1
    assert step.interval.ends == (1, 1)


# --- the interval -------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(ladders_with_a_gap, st.sampled_from([0.8, 0.95]))
def test_the_ends_are_where_the_t_test_turns(images, confidence):
    scores = images / 10_000
    total = scores[-1] - scores[0]
    for step, share in zip(np.diff(scores, axis=0), shares_of_gap(scores, confidence), strict=True):
        low, high = share.interval.ends
        assert low <= share.share <= high
        assume(high - low > 1e-9)
        for end in (low, high):
            p_value = stats.ttest_1samp(step - end * total, 0).pvalue
            assert p_value == pytest.approx(1 - confidence, rel=1e-4)


def test_coverage_is_nominal_with_few_seeds():
    rng = np.random.default_rng(0)
    repetitions, truth = 500, (0.25, 0.75)
    rungs = np.array([0.870, 0.875, 0.890])[:, None]
    for seeds in (4, 10):
        hits = np.zeros(2)
        for _ in range(repetitions):
            shared = rng.normal(0, 0.002, (1, seeds))
            own = rng.normal(0, 0.002, (3, seeds))
            steps = shares_of_gap(rungs + shared + own)
            hits += [
                step.interval is not None and step.interval.contains(share)
                for step, share in zip(steps, truth, strict=True)
            ]
        low, high = binomial_bounds(0.95, repetitions)
        assert all(low <= rate <= high for rate in hits / repetitions)


@settings(max_examples=40, deadline=None)
@given(ladders)
def test_an_interval_is_there_exactly_where_the_gap_is_shown(images):
    total = images[-1] - images[0]
    assume(np.ptp(total) > 0)
    p_value = stats.ttest_1samp(total, 0).pvalue
    assume(abs(p_value - 0.05) > 1e-3)
    for step in shares_of_gap(images / 10_000):
        assert step.gap_shown == (p_value < 0.05)
        assert (step.interval is None) == (step.limit is not None) == (not step.gap_shown)


def test_a_gap_that_may_be_zero_leaves_no_interval():
    bottom = np.array([0.80, 0.82, 0.81, 0.80])
    top = np.array([0.81, 0.81, 0.82, 0.80])
    first, second = shares_of_gap([bottom, bottom + 0.05, top])
    assert (first.share, second.share) == pytest.approx((20, -19))
    for step in (first, second):
        assert step.interval is None
        assert not step.gap_shown
        assert "With 4 seeds the gap of 0.0025" in step.limit
        assert "cannot be told from zero" in step.limit


def test_ends_that_agree_leave_no_share():
    ends = np.array([0.80, 0.82, 0.81])
    first, second = shares_of_gap([ends, ends + 0.05, ends[::-1]])
    assert (first.difference, second.difference) == pytest.approx((0.05, -0.05))
    for step in (first, second):
        assert (step.share, step.interval, step.gap_shown) == (None, None, False)
        assert "agree" in step.limit


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_leave_no_interval(seeds):
    bottom = np.array([0.80, 0.82])[:seeds]
    first, second = shares_of_gap([bottom, bottom + 0.02, bottom + 0.08])
    assert (first.share, second.share) == pytest.approx((0.25, 0.75))
    assert first.interval is second.interval is None
    assert f"takes 3 seeds, and here are {seeds} seed" in first.limit
    assert first.gap_shown == (seeds == 2)


# --- identities ---------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(ladders)
def test_shares_sum_to_one(images):
    assume(images[0].sum() != images[-1].sum())
    assert shares(images / 10_000).sum() == pytest.approx(1, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    ladders_with_a_gap,
    st.sampled_from([-100.0, 0.01, 100.0]),
    st.randoms(use_true_random=False),
)
def test_units_and_what_all_rungs_of_a_seed_share_do_not_matter(images, factor, random):
    scores = images / 10_000
    easy_seeds = np.array([random.uniform(-0.3, 0.3) for _ in range(scores.shape[1])])
    changed = factor * (scores + easy_seeds)
    assert shares(changed) == pytest.approx(shares(scores), abs=1e-6)
    assert np.ravel(ends(changed)) == pytest.approx(np.ravel(ends(scores)), rel=1e-5, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(ladders_with_a_gap, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_does_not_matter(images, random):
    scores = images / 10_000
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    assert shares(scores[:, order]) == pytest.approx(shares(scores), abs=1e-9)
    assert np.ravel(ends(scores[:, order])) == pytest.approx(
        np.ravel(ends(scores)), rel=1e-6, abs=1e-6
    )


@settings(max_examples=40, deadline=None)
@given(ladders)
def test_leaving_out_a_rung_adds_its_two_shares(images):
    assume(abs(images[0].sum() - images[-1].sum()) > 10)
    fine, coarse = shares(images), shares(np.delete(images, 1, axis=0))
    assert coarse[0] == pytest.approx(fine[0] + fine[1], abs=1e-9)
    assert coarse[1:] == pytest.approx(fine[2:], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(ladders_with_a_gap)
def test_a_ladder_climbed_down_has_the_same_shares(images):
    scores = images / 10_000
    assert shares(scores[::-1]) == pytest.approx(shares(scores)[::-1], abs=1e-9)
    assert np.ravel(ends(scores[::-1])) == pytest.approx(np.ravel(ends(scores)[::-1]), rel=1e-6)


# --- input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([0.8, 0.9], r"scores have shape \(2,\)"),
        ([[0.8, 0.9]], "single rung"),
        (np.empty((3, 0)), r"shape \(3, 0\)"),
        ([[0.8, 0.9], [0.9]], "do not fill a table"),
        ([[0.8, math.nan], [0.9, 0.9]], "1 of 4 scores are not finite"),
    ],
)
def test_what_is_no_ladder_is_refused(scores, words):
    with pytest.raises(InputError, match=words):
        shares_of_gap(scores)
