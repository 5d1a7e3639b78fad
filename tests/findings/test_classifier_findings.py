"""Estimates and contrasts of groups of classifiers, against the statistics that they use."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.errors import InputError
from convbias.findings.classifiers import Group, compare
from convbias.measures.classifier import Found, Score
from convbias.measures.classifier.accuracy import ACCURACY, CALIBRATION
from convbias.statistics import crossed_interval, mean_interval, wilson_interval

RANDOM = np.random.default_rng(0)
# Correct answers of three networks on forty images, twice.
FIRST, SECOND = RANDOM.random((3, 40)) < 0.9, RANDOM.random((3, 40)) < 0.4


def group(correct: np.ndarray) -> Group:
    return [
        {"accuracy": Found((Score.mean(ACCURACY, row), Score(CALIBRATION, 0.1 + number / 10)), 40)}
        for number, row in enumerate(correct)
    ]


def test_one_network_has_intervals_over_images() -> None:
    accuracy, calibration = compare({"one": group(FIRST[:1])})
    right = int(FIRST[0].sum())
    assert accuracy.estimates["one"].interval.ends == wilson_interval(right, 40).ends
    assert calibration.estimates["one"].interval is None
    assert accuracy.contrast is None


def test_several_networks_have_intervals_over_networks_and_images() -> None:
    accuracy, calibration = compare({"three": group(FIRST)})
    found = accuracy.estimates["three"]
    assert found.mean == pytest.approx(FIRST.mean())
    assert found.interval == crossed_interval(FIRST, np.zeros((3, 40)))
    expected = mean_interval([0.1, 0.2, 0.3]).ends
    assert calibration.estimates["three"].interval.ends == pytest.approx(expected)


def test_two_groups_are_contrasted_and_corrected() -> None:
    accuracy, calibration = compare({"a": group(FIRST), "b": group(SECOND)})
    difference = FIRST.mean() - SECOND.mean()
    assert accuracy.contrast.difference == pytest.approx(difference)
    assert accuracy.contrast.crossed_interval == crossed_interval(FIRST, SECOND)
    assert accuracy.contrast.p_value == 0.25  # 2 of 2^3 patterns of signs
    assert accuracy.contrast.adjusted_p_value == 0.5
    assert calibration.contrast.comparisons == 2
    assert accuracy.over_images is None


def test_single_networks_differ_over_images_alone() -> None:
    accuracy, _ = compare({"a": group(FIRST[:1]), "b": group(SECOND[:1])})
    expected = mean_interval(FIRST[0].astype(float) - SECOND[0])
    assert accuracy.over_images == expected
    assert accuracy.contrast.verdict == "undecided"


def test_groups_without_partners_are_refused() -> None:
    with pytest.raises(InputError, match="3 and 2 networks"):
        compare({"a": group(FIRST), "b": group(SECOND[:2])})
    with pytest.raises(InputError, match="in 3 groups"):
        compare({name: group(FIRST) for name in "abc"})
