"""Shares, calibration errors and their chance level against definitions and answers by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convbias.errors import InputError
from convbias.statistics import error_by_chance, reliability, wilson_interval
from convbias.statistics.reliability import resampled_errors

CASES = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(CASES, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_s_interval_is_the_score_test_turned_around(case, confidence):
    successes, trials = case
    quantile = stats.norm.ppf((1 + confidence) / 2)
    interval = wilson_interval(successes, trials, confidence)
    assert interval.confidence == confidence
    for end in interval.ends:
        # A true share at an end is one that the score test only just refuses.
        distance = abs(successes / trials - end)
        assert distance == pytest.approx(quantile * np.sqrt(end * (1 - end) / trials), abs=1e-7)
    assert interval.contains(successes / trials)
    other = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert interval.ends == pytest.approx((other.low, other.high), abs=1e-12)


def test_wilson_s_interval_by_hand():
    # 15 of 20: with z = 1.96, (0.75 + 0.09604 -+ 1.96 sqrt(0.009375 + 0.002401)) / 1.19208.
    assert wilson_interval(15, 20).ends == pytest.approx((0.5313, 0.8881), abs=1e-4)
    assert wilson_interval(0, 10).low == 0
    assert wilson_interval(10, 10).high == 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (5, 4), (-1, 4)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(InputError, match=f"{successes} of {trials} trials succeeded"):
        wilson_interval(successes, trials)


def test_calibration_by_hand():
    stated = [0.1, 0.3, 0.3, 0.9, 0.9, 1.0]
    found = reliability(stated, [False, False, True, True, True, False], bins=5)
    assert found.counts.tolist() == [1, 2, 0, 0, 3]
    assert found.came_true.tolist() == [0, 1, 0, 0, 2]
    np.testing.assert_allclose(found.stated, [0.1, 0.3, np.nan, np.nan, 2.8 / 3])
    np.testing.assert_allclose(found.frequency, [0, 0.5, np.nan, np.nan, 2 / 3])
    # Gaps 0.1, 0.2 and 0.8 / 3, of 1, 2 and 3 answers.
    assert found.expected_error == pytest.approx((0.1 + 0.4 + 0.8) / 6)
    assert found.overconfidence == pytest.approx((3.5 - 3) / 6)


def test_a_bin_holds_its_upper_edge():
    assert reliability([0, 0.5, 0.500001, 1], [True] * 4, bins=2).counts.tolist() == [2, 2]


@given(ANSWERS, st.integers(1, 20))
def test_calibration_as_it_is_defined(answers, bins):
    stated, came_true = map(np.array, zip(*answers, strict=True))
    error = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = (stated > low) & (stated <= high) if number else stated <= high
        if inside.any():
            gap = abs(came_true[inside].mean() - stated[inside].mean())
            error += inside.sum() / len(stated) * gap
    found = reliability(stated, came_true, bins)
    assert found.expected_error == pytest.approx(error, abs=1e-9)
    assert found.counts.sum() == len(stated)
    assert found.came_true.sum() == came_true.sum()
    # Gaps of either sign can only cancel.
    assert abs(found.overconfidence) <= found.expected_error + 1e-9
    assert found.overconfidence == pytest.approx(stated.mean() - came_true.mean(), abs=1e-9)


def test_one_bin_knows_the_means_alone():
    found = reliability([0.2, 0.9, 0.6], [True, True, False], bins=1)
    assert found.expected_error == pytest.approx(abs(found.overconfidence))


def test_a_calibrated_classifier_has_next_to_no_error_and_a_boastful_one_has_its_boast():
    random = np.random.default_rng(0)
    true = random.uniform(0.1, 0.85, 200_000)
    came_true = random.random(true.size) < true
    assert reliability(true, came_true).expected_error < 0.005
    boastful = reliability(true + 0.1, came_true)
    assert boastful.expected_error == pytest.approx(0.1, abs=0.005)
    assert boastful.overconfidence == pytest.approx(0.1, abs=0.005)


def test_the_error_by_chance_is_what_calibrated_classifiers_show():
    random = np.random.default_rng(1)
    stated = random.uniform(0.3, 1, 300)
    limit = np.quantile(error_by_chance(stated), 0.95)
    measured = [
        reliability(stated, random.random(stated.size) < stated).expected_error for _ in range(400)
    ]
    # 20 of 400 expected above; the standard deviation of that is 4.4.
    assert 6 <= np.count_nonzero(np.array(measured) > limit) <= 38
    assert reliability(stated - 0.2, random.random(300) < stated).expected_error > limit


def test_the_error_by_chance_of_certain_answers_is_none():
    assert error_by_chance(np.array([0.0, 1.0, 1.0]), draws=9).tolist() == [0.0] * 9


@pytest.mark.parametrize(
    ("stated", "came_true", "words"),
    [
        ([], [], r"shape \(0,\)"),
        ([[0.5]], [[True]], r"shape \(1, 1\)"),
        ([0.5, 1.2], [True, True], "not between 0 and 1"),
        ([float("nan")], [True], "not between 0 and 1"),
        ([0.5, 0.5], [True], r"\(2,\) probabilities and \(1,\) outcomes"),
    ],
)
def test_what_is_no_probability_is_refused(stated, came_true, words):
    with pytest.raises(InputError, match=words):
        reliability(stated, came_true)


def test_no_bins_are_refused():
    with pytest.raises(InputError, match="into 0 bins"):
        reliability([0.5], [True], bins=0)


def test_resampled_errors_are_those_of_the_samples():
    random = np.random.default_rng(0)
    stated = random.random(50)
    came_true = random.random(50) < stated
    random = np.random.default_rng(3)
    draws = [random.integers(0, 50, 50) for _ in range(5)]
    expected = [reliability(stated[each], came_true[each]).expected_error for each in draws]
    found = resampled_errors(stated, came_true, draws=5, seed=3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
