"""Silhouettes, textures and their partners, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.hybrids import cut_out, mean_grey, partners, silhouettes, textures
from convbias.errors import InputError


def frame_with(part: np.ndarray, top: int = 0, left: int = 0, side: int = 12) -> np.ndarray:
    image = np.zeros((1, side, side, 1), dtype=np.uint8)
    image[0, top : top + part.shape[0], left : left + part.shape[1], 0] = part
    return image


def test_a_faint_halo_is_ground_and_a_hole_is_garment():
    part = np.array([[16, 17, 17, 17], [16, 17, 0, 17], [16, 17, 17, 17]], dtype=np.uint8)
    mask = silhouettes(frame_with(part, 2, 3))[0, :, :, 0]
    expected = np.zeros((12, 12), dtype=bool)
    expected[2:5, 4:7] = True
    np.testing.assert_array_equal(mask, expected)


def test_an_open_gap_is_ground():
    part = np.array([[90, 0, 90], [90, 0, 90], [90, 90, 90]], dtype=np.uint8)
    assert silhouettes(frame_with(part, 2, 2))[0, 2:5, 2:5, 0].sum() == 7


def test_cut_out_and_mean():
    images = frame_with(np.array([[40, 60]], dtype=np.uint8))
    masks = silhouettes(images)
    assert mean_grey(images, masks) == 50
    other = np.full_like(images, 7)
    assert cut_out(masks, other)[0, 0, :3, 0].tolist() == [7, 7, 0]
    np.testing.assert_array_equal(cut_out(masks, images), images)
    assert not cut_out(masks, 0).any()
    assert mean_grey(images, np.zeros_like(masks)) == 0


def test_a_texture_is_the_inside_reflected_until_the_image_is_full():
    part = np.arange(100, 136, dtype=np.uint8).reshape(6, 6)
    images = frame_with(part, 3, 5)
    masks = silhouettes(images)
    found = textures(images, masks)[0, :, :, 0]
    double = np.block([[part, part[:, ::-1]], [part[::-1], part[::-1, ::-1]]])
    np.testing.assert_array_equal(found, double)


def test_the_square_is_taken_from_the_middle_of_a_garment():
    part = np.full((10, 12), 50, dtype=np.uint8)
    part[2:8, 3:9] = 200
    images = frame_with(part, 1, 0)
    assert (textures(images, silhouettes(images)) == 200).all()


def test_an_empty_image_has_an_empty_texture():
    empty = np.zeros((1, 12, 12, 1), dtype=np.uint8)
    assert not textures(empty, silhouettes(empty)).any()


def test_partners_are_of_other_classes_all_equally_likely():
    labels = np.repeat(np.arange(4), 3_000)
    found = partners(labels, seed=0)
    assert (labels[found] != labels).all()
    for label in range(4):
        counts = np.bincount(labels[found[labels == label]], minlength=4)
        assert counts[label] == 0
        # 1,000 each with a standard deviation of 26.
        assert np.abs(np.delete(counts, label) - 1_000).max() < 130
    np.testing.assert_array_equal(found, partners(labels, seed=0))
    assert (found != partners(labels, seed=1)).mean() > 0.9


def test_one_class_has_no_partners():
    with pytest.raises(InputError, match="one class"):
        partners(np.zeros(5, dtype=np.uint8), seed=0)
