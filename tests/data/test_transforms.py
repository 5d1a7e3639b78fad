"""Transforms against answers by hand and identities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convbias.data import transforms
from convbias.errors import InputError

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, size=(5, 28, 28, 1), dtype=np.uint8)
BLOCKS = st.sampled_from([1, 2, 4, 7, 14, 28])


@given(BLOCKS, st.integers(0, 10**6))
def test_a_block_permutation_holds_every_pixel_once_and_keeps_the_blocks_insides(block, seed):
    permutation = transforms.block_permutation(28, block, seed)
    assert sorted(permutation) == list(range(784))
    rows, columns = np.divmod(permutation.reshape(28, 28), 28)
    inside_rows, inside_columns = np.divmod(np.arange(784).reshape(28, 28), 28)
    np.testing.assert_array_equal(rows % block, inside_rows % block)
    np.testing.assert_array_equal(columns % block, inside_columns % block)
    for position in (rows // block, columns // block):
        blocks = position.reshape(28 // block, block, 28 // block, block)
        assert (blocks == blocks[:, :1, :, :1]).all()


def test_one_block_leaves_the_image_alone_and_single_pixels_do_not():
    whole = transforms.permute(IMAGES, transforms.block_permutation(28, 28, seed=3))
    np.testing.assert_array_equal(whole, IMAGES)
    single = transforms.permute(IMAGES, transforms.pixel_permutation(28, seed=3))
    assert (single != IMAGES).mean() > 0.9
    np.testing.assert_array_equal(np.sort(single, axis=None), np.sort(IMAGES, axis=None))


def test_a_permutation_undone_by_its_inverse():
    permutation = transforms.block_permutation(28, 4, seed=1)
    there = transforms.permute(IMAGES, permutation)
    np.testing.assert_array_equal(transforms.permute(there, np.argsort(permutation)), IMAGES)


@pytest.mark.parametrize("block", [0, -1, 3, 5, 29])
def test_blocks_that_do_not_fill_the_image_are_refused(block):
    with pytest.raises(InputError, match="one of 1, 2, 4, 7, 14, 28"):
        transforms.block_permutation(28, block, seed=0)


@given(st.integers(-6, 6), st.integers(-6, 6))
def test_a_shift_on_the_canvas_loses_nothing_and_is_a_roll_of_the_centred_one(rows, columns):
    shifted = transforms.on_canvas(IMAGES, 40, rows, columns)
    np.testing.assert_array_equal(
        shifted[:, 6 + rows : 34 + rows, 6 + columns : 34 + columns], IMAGES
    )
    centred = transforms.on_canvas(IMAGES, 40)
    np.testing.assert_array_equal(shifted, np.roll(centred, (rows, columns), (1, 2)))


@pytest.mark.parametrize(("rows", "columns"), [(7, 0), (0, -7)])
def test_a_shift_that_leaves_the_canvas_is_refused(rows, columns):
    with pytest.raises(InputError, match="leaves a canvas of 40 x 40"):
        transforms.on_canvas(IMAGES, 40, rows, columns)


def test_random_places_hold_each_image_somewhere_within_reach():
    placed = transforms.at_random_places(IMAGES, 40, 6, seed=2)
    found = set()
    for image, canvas in zip(IMAGES, placed, strict=True):
        places = [
            (rows, columns)
            for rows in range(-6, 7)
            for columns in range(-6, 7)
            if (transforms.on_canvas(image[None], 40, rows, columns)[0] == canvas).all()
        ]
        assert len(places) == 1
        found.update(places)
    assert len(found) > 1
    np.testing.assert_array_equal(placed, transforms.at_random_places(IMAGES, 40, 6, seed=2))
    assert (placed != transforms.at_random_places(IMAGES, 40, 6, seed=3)).any()
    with pytest.raises(InputError, match="leaves a canvas"):
        transforms.at_random_places(IMAGES, 40, 7, seed=2)


def test_shifts_to_the_left_reach_only_the_left_and_all_of_it_alike():
    dots = np.full((20_000, 1, 1, 1), 255, dtype=np.uint8)
    placed = transforms.at_random_places(dots, 5, 2, seed=0, left=True)
    counts = (placed > 0).sum(axis=0)[:, :, 0]
    assert not counts[:, 2:].any()
    # Ten places; each count is binomial with mean 2,000 and standard deviation 42.
    assert abs(counts[:, :2] - 2_000).max() < 5 * 42


def test_random_shifts_reach_every_place_alike():
    dots = np.full((20_000, 1, 1, 1), 255, dtype=np.uint8)
    counts = (transforms.at_random_places(dots, 3, 1, seed=0) > 0).sum(axis=0)[:, :, 0]
    # Nine places; each count is binomial with mean 2,222 and standard deviation 44.
    assert abs(counts - 20_000 / 9).max() < 5 * 44


def test_occlusion_covers_its_square_and_nothing_else():
    covered = transforms.occlude(IMAGES, top=-2, left=25, side=5, grey=9)
    assert (covered[:, :3, 25:] == 9).all()
    untouched = np.ones((28, 28), dtype=bool)
    untouched[:3, 25:] = False
    np.testing.assert_array_equal(covered[:, untouched], IMAGES[:, untouched])
    np.testing.assert_array_equal(transforms.occlude(IMAGES, -9, 0, 5), IMAGES)


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_a_shift_inside_the_frame_is_one_on_a_canvas_seen_through_the_frame(rows, columns):
    canvas = transforms.on_canvas(IMAGES, 28 + 2 * 9, rows, columns)
    moved = transforms.shift_inside_frame(IMAGES, rows, columns)
    np.testing.assert_array_equal(moved, canvas[:, 9:-9, 9:-9])


@pytest.mark.parametrize(("rows", "columns"), [(28, 0), (0, -28), (-40, 3), (100, 100)])
def test_what_has_left_the_frame_leaves_it_black(rows, columns):
    assert not transforms.shift_inside_frame(IMAGES, rows, columns).any()


def test_noise_of_no_size_changes_nothing():
    np.testing.assert_array_equal(transforms.add_noise(IMAGES, 0, seed=5), IMAGES)


def test_noise_has_the_size_that_was_asked_for_and_is_cut_off_at_black():
    black, grey = (np.full((50, 28, 28, 1), value, dtype=np.uint8) for value in (0, 128))
    noisy = transforms.add_noise(grey, 16, seed=1)
    assert noisy.dtype == np.uint8
    # 39,200 draws; rounding adds the variance of a uniform number of width 1.
    assert noisy.mean() == pytest.approx(128, abs=0.3)
    assert noisy.std() == pytest.approx(np.sqrt(16**2 + 1 / 12), rel=0.02)
    # The mean of a normal number of which the negative half is 0.
    assert transforms.add_noise(black, 32, seed=1).mean() == pytest.approx(
        32 / np.sqrt(2 * np.pi), rel=0.02
    )
    assert transforms.add_noise(np.full_like(grey, 255), 32, seed=1).max() == 255


def test_noise_is_drawn_from_its_seed():
    first, again, other = (transforms.add_noise(IMAGES, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5
