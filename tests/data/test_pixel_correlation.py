"""Pixel correlation by hand, against NumPy, and on images whose correlation is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.data.pixel_correlation import (
    adjacent_pixels,
    correlation_by_distance,
    correlation_matrix,
    correlations_of_pairs,
)
from convbias.errors import InputError

RNG = np.random.default_rng(5)


def as_images(rows: list[list[list[int]]]) -> np.ndarray:
    return np.array(rows, dtype=np.uint8)[..., np.newaxis]


# Four images of 2 x 3 pixels. Over the images the pixels are
#   a = 0 1 2 3    b = 0 2 4 6    c = 3 2 1 0
#   d = 0 1 0 1    e = 7 7 7 7    f = 0 0 1 1
# with deviations a: -3 -1 1 3 (halves), d: -1 1 -1 1 (halves), f: -1 -1 1 1 (halves), so
#   r(a, b) = 1, r(b, c) = -1, r(a, d) = 4 / sqrt(20 * 4) = 1 / sqrt(5),
#   r(c, f) = -8 / sqrt(20 * 4) = -2 / sqrt(5), r(a, e) undefined, r(b, f) = 2 / sqrt(5).
TINY = as_images(
    [
        [[0, 0, 3], [0, 7, 0]],
        [[1, 2, 2], [1, 7, 0]],
        [[2, 4, 1], [0, 7, 1]],
        [[3, 6, 0], [1, 7, 1]],
    ]
)


def test_hand_computed_pairs() -> None:
    matrix = correlation_matrix(TINY)
    nan = math.nan
    np.testing.assert_allclose(
        correlations_of_pairs(matrix, "horizontal", 1), [[1, -1], [nan, nan]], atol=1e-12
    )
    np.testing.assert_allclose(
        correlations_of_pairs(matrix, "horizontal", 2), [[-1], [0]], atol=1e-12
    )
    np.testing.assert_allclose(
        correlations_of_pairs(matrix, "vertical", 1),
        [[1 / math.sqrt(5), nan, -2 / math.sqrt(5)]],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        correlations_of_pairs(matrix, "diagonal", 1), [[nan, 2 / math.sqrt(5)]], atol=1e-12
    )


def test_hand_computed_summary() -> None:
    horizontal, vertical, diagonal = correlation_by_distance(correlation_matrix(TINY), [1])
    assert (horizontal.direction, horizontal.distance) == ("horizontal", 1)
    assert (horizontal.pairs, horizontal.excluded) == (2, 2)
    assert horizontal.minimum == pytest.approx(-1)
    assert horizontal.maximum == pytest.approx(1)
    # Linear between the two values -1 and 1.
    assert horizontal.percentile_5 == pytest.approx(-0.9)
    assert horizontal.percentile_95 == pytest.approx(0.9)
    assert horizontal.median == pytest.approx(0, abs=1e-12)
    assert (vertical.pairs, vertical.excluded) == (2, 1)
    assert vertical.mean == pytest.approx(-0.5 / math.sqrt(5))
    assert (diagonal.pairs, diagonal.excluded) == (1, 1)


def test_hand_computed_verdict() -> None:
    adjacent = adjacent_pixels(correlation_matrix(TINY))
    assert (adjacent.pairs, adjacent.excluded, adjacent.uncorrelated) == (4, 3, 0)
    assert adjacent.minimum == pytest.approx(-1)
    assert adjacent.always_correlated
    # Two pixels whose products of deviations cancel are uncorrelated.
    crossed = as_images([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
    adjacent = adjacent_pixels(correlation_matrix(crossed))
    assert (adjacent.pairs, adjacent.uncorrelated, adjacent.uncorrelated_share) == (1, 1, 1)
    assert not adjacent.always_correlated


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 600), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32))
def test_agrees_with_numpy(n: int, height: int, width: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (n, height, width, 1), dtype=np.uint8)
    images[:, 0, 0] = 3  # a pixel that never varies
    matrix = correlation_matrix(images).reshape(height * width, height * width)
    with np.errstate(invalid="ignore"):
        reference = np.atleast_2d(np.corrcoef(images.reshape(n, -1).astype(float).T))
    reference[0] = reference[:, 0] = np.nan  # NumPy's mean of equal numbers may round
    np.testing.assert_allclose(matrix, reference, atol=1e-9)


def test_exact_where_float32_is_not() -> None:
    # Sums of products over 60,000 images reach 4e9, beyond float32's whole numbers: without exact
    # sums a difference of one image in one pixel would drown.
    images = np.full((60_000, 1, 3, 1), 255, dtype=np.uint8)
    images[7, 0, 0] = 254
    images[7, 0, 1] = 254
    matrix = correlation_matrix(images)
    assert matrix[0, 0, 0, 1] == pytest.approx(1)
    assert np.isnan(matrix[0, 0, 0, 2])


def test_white_noise_is_uncorrelated() -> None:
    noise = RNG.integers(0, 256, (20_000, 8, 8, 1), dtype=np.uint8)
    matrix = correlation_matrix(noise)
    for summary in correlation_by_distance(matrix, range(1, 8)):
        # Standard error of a correlation over 20,000 images: 0.007.
        assert abs(summary.mean) < 0.007
        assert -0.035 < summary.minimum <= summary.maximum < 0.035
        assert summary.uncorrelated == summary.pairs
    assert adjacent_pixels(matrix).uncorrelated_share == 1


def test_brightness_alone_correlates_everything() -> None:
    brightness = RNG.integers(0, 256, (50, 1, 1, 1), dtype=np.uint8)
    matrix = correlation_matrix(np.broadcast_to(brightness, (50, 8, 8, 1)))
    for summary in correlation_by_distance(matrix, range(1, 8)):
        assert summary.minimum == pytest.approx(1)
        assert summary.mean == pytest.approx(1)
        assert summary.excluded == 0
    assert adjacent_pixels(matrix).always_correlated


def test_numbers_of_pairs() -> None:
    noise = RNG.integers(0, 256, (30, 28, 28, 1), dtype=np.uint8)
    summaries = correlation_by_distance(correlation_matrix(noise))
    pairs = {(each.direction, each.distance): each.pairs for each in summaries}
    assert len(summaries) == 3 * 14
    assert pairs["horizontal", 1] == pairs["vertical", 1] == 28 * 27
    assert pairs["diagonal", 1] == 27 * 27
    assert pairs["vertical", 14] == 28 * 14
    assert pairs["diagonal", 14] == 14 * 14


def test_images_that_never_vary_have_no_correlation() -> None:
    matrix = correlation_matrix(np.full((3, 2, 2, 1), 9, dtype=np.uint8))
    summary = correlation_by_distance(matrix, [1])[0]
    assert (summary.pairs, summary.excluded) == (0, 2)
    assert math.isnan(summary.mean)
    assert math.isnan(summary.minimum)
    adjacent = adjacent_pixels(matrix)
    assert (adjacent.pairs, adjacent.excluded) == (0, 4)
    assert math.isnan(adjacent.minimum)
    assert math.isnan(adjacent.uncorrelated_share)
    assert not adjacent.always_correlated


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((5, 28, 28), dtype=np.uint8),
        np.zeros((5, 28, 28, 1)),
        np.zeros((1, 28, 28, 1), dtype=np.uint8),
        np.zeros((5, 28, 28, 3), dtype=np.uint8),
    ],
    ids=["no channel", "floats", "one image", "three channels"],
)
def test_other_images_are_refused(images: np.ndarray) -> None:
    with pytest.raises(InputError, match="uint8"):
        correlation_matrix(images)
