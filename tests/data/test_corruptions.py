"""Blur, contrast, covered squares and noise in bands, by hand and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.corruptions import (
    blur,
    fine_frequencies,
    noise_in_band,
    occlude_at_random,
    reduce_contrast,
)

IMAGES = np.random.default_rng(0).integers(1, 256, (40, 28, 28, 1), dtype=np.uint8)


def test_a_blurred_point_is_the_gaussian():
    point = np.zeros((1, 15, 15, 1), dtype=np.uint8)
    point[0, 7, 7] = 255
    away = np.arange(-7, 8)
    bell = np.exp(-(away**2) / (2 * 1.5**2))
    bell /= bell.sum()
    found = blur(point, 1.5)[0, :, :, 0]
    # SciPy cuts the Gaussian off at four standard deviations.
    np.testing.assert_allclose(found, 255 * np.outer(bell, bell), atol=0.51)


def test_beyond_the_frame_it_is_black():
    white = np.full((1, 9, 9, 1), 200, dtype=np.uint8)
    blurred = blur(white, 1.0)[0, :, :, 0]
    assert blurred[4, 4] == 200
    assert blurred[0, 0] < blurred[0, 4] < 200


def test_contrast_by_hand():
    image = np.array([[0, 100], [200, 100]], dtype=np.uint8).reshape(1, 2, 2, 1)
    assert reduce_contrast(image, 0.75).ravel().tolist() == [75, 100, 125, 100]
    assert reduce_contrast(image, 1.0).ravel().tolist() == [100] * 4
    # Every image has its own mean.
    both = np.concatenate([image, image // 2])
    assert reduce_contrast(both, 1.0)[1].ravel().tolist() == [50] * 4


def test_strength_0_changes_nothing():
    for unchanged in (blur(IMAGES, 0), reduce_contrast(IMAGES, 0), occlude_at_random(IMAGES, 0, 1)):
        np.testing.assert_array_equal(unchanged, IMAGES)


def test_squares_are_whole_everywhere_and_contain_the_smaller_ones():
    small, large = (occlude_at_random(IMAGES, side, seed=5) == 0 for side in (4, 9))
    assert (small.sum(axis=(1, 2, 3)) == 16).all()
    assert (large.sum(axis=(1, 2, 3)) == 81).all()
    assert large[small].all()
    assert len({mask.tobytes() for mask in small}) > 30
    np.testing.assert_array_equal(occlude_at_random(IMAGES, 4, 5)[~small], IMAGES[~small])
    assert not np.array_equal(occlude_at_random(IMAGES, 4, 6), occlude_at_random(IMAGES, 4, 5))
    assert (occlude_at_random(IMAGES, 28, 5) == 0).all()


def test_periods_below_four_pixels_are_fine():
    fine = fine_frequencies(28, 28)
    assert not fine[0, 0]
    assert not fine[7, 0]  # 7 periods in 28 pixels: exactly 4 pixels each
    assert fine[8, 0]
    assert fine[0, 20]  # -8
    assert fine[5, 5]  # along the diagonal: 28 / hypot(5, 5) = 3.96 pixels


@pytest.mark.parametrize("band", ["fine", "coarse"])
def test_noise_has_its_band_alone_and_as_much_energy(band):
    noise = noise_in_band((6, 28, 28, 1), band, seed=2)
    np.testing.assert_allclose(np.sqrt(np.square(noise).mean(axis=(1, 2, 3))), 1, rtol=1e-5)
    energy = np.abs(np.fft.fft2(noise[..., 0])) ** 2
    # Parseval: as much as in the pixels, all of it in the band.
    inside = energy[:, fine_frequencies(28, 28) == (band == "fine")].sum(axis=1)
    np.testing.assert_allclose(inside, 28**4, rtol=1e-5)


def test_noise_is_drawn_from_its_seed():
    shape = (2, 28, 28, 1)
    np.testing.assert_array_equal(noise_in_band(shape, "fine", 3), noise_in_band(shape, "fine", 3))
    assert not np.array_equal(noise_in_band(shape, "fine", 3), noise_in_band(shape, "fine", 4))


def test_squares_reach_every_edge_and_all_places_are_equally_likely():
    white = np.full((4_000, 4, 4, 1), 9, dtype=np.uint8)
    covered = (occlude_at_random(white, 3, seed=0) == 0).mean(axis=0)[:, :, 0]
    # Two places along each axis: the frame's pixels are covered by one of them, the middle by both.
    once = np.array([0.5, 1, 1, 0.5])
    np.testing.assert_allclose(covered, np.outer(once, once), atol=0.04)
