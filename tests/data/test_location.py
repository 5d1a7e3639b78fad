"""The location test: its images by hand, and networks that forget or read position for certain."""

import keras
import numpy as np
import pytest

from convbias.data.drawn import drawn
from convbias.data.location import in_corners, location_data, two_classes, unlabelled_patches
from convbias.errors import InputError
from convbias.measures.location_test import location_test
from convbias.networks.layers import CircularPadding, Convolution, GlobalAveragePooling, MaxPooling

SIDE = 12
PATCHES, LABELS = unlabelled_patches(pairs=30, size=4, seed=0)


def patch_data(margin: int = 0):
    tests = unlabelled_patches(pairs=25, size=4, seed=1)
    return location_data(PATCHES, LABELS, *tests, side=SIDE, margin=margin, seed=0)


def head(*layers: keras.Layer) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            *layers,
            GlobalAveragePooling(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def blind() -> keras.Sequential:
    """Circular padding, and places 8 pixels apart, a multiple of the stride of 4."""
    return head(
        CircularPadding(1),
        Convolution(4, 3, padding="valid", activation="relu"),
        MaxPooling(2),
        CircularPadding(1),
        Convolution(4, 3, padding="valid", activation="relu"),
        MaxPooling(2),
    )


def reader(reach: int = 5) -> keras.Sequential:
    """Averages over all places and yet tells the upper corner: zero padding shows it the frame.

    The first layer's bias makes a channel that is 1 in the image and, to the second layer, 0
    outside. A bright pixel then answers where fewer than `reach` ones lie above it.
    """
    network = head(
        Convolution(2, 1, padding="same", activation="relu"),
        Convolution(1, 2 * reach + 1, padding="same", activation="relu"),
    )
    first = np.zeros((1, 1, 1, 2))
    first[0, 0, 0, 1] = 1.0
    network.layers[0].set_weights([first, np.array([1.0, 0.0])])
    second = np.zeros((2 * reach + 1, 2 * reach + 1, 2, 1))
    second[:reach, reach, 0, 0] = -1  # ones above
    second[reach, reach, 1, 0] = reach
    network.layers[1].set_weights([second, np.zeros(1)])
    network.layers[3].set_weights([np.array([[1e3, 0.0]]), np.array([0.0, 1e-3])])
    return network


def test_images_stand_in_their_corners_by_hand():
    image = np.arange(1, 5, dtype=np.uint8).reshape(1, 2, 2, 1)
    images = np.concatenate([image, image + 10])
    placed = in_corners(images, np.array([1, 0]), side=5, margin=1)[..., 0]
    expected = np.zeros((2, 5, 5), dtype=np.uint8)
    expected[0, 2:4, 2:4] = [[1, 2], [3, 4]]
    expected[1, 1:3, 1:3] = [[11, 12], [13, 14]]
    np.testing.assert_array_equal(placed, expected)


@pytest.mark.parametrize("side", [5, 6, 7, 40])
def test_without_margin_the_images_touch_the_frame(side):
    bright = np.full((2, 4, 4, 1), 7, dtype=np.uint8)
    first, second = in_corners(bright, np.array([0, 1]), side)[..., 0]
    assert (first[:4, :4] == 7).all()
    assert (second[-4:, -4:] == 7).all()
    assert first.sum() == second.sum() == 16 * 7


@pytest.mark.parametrize(("side", "margin"), [(4, 0), (3, 0), (6, 1), (9, -1)])
def test_images_without_two_places_are_refused(side, margin):
    with pytest.raises(InputError, match="no two places"):
        in_corners(np.zeros((1, 4, 4, 1), dtype=np.uint8), np.array([0]), side, margin)


def test_tied_images_stay_in_their_class_s_corner_and_free_ones_do_not():
    data = patch_data()
    corners = [np.index_exp[:4, :4], np.index_exp[8:, 8:]]
    for label in (0, 1):
        own, other = corners[label], corners[1 - label]
        members = data.labels == label
        assert (data.tied[members][:, *own] > 0).all()
        assert (data.tied[members][:, *other] == 0).all()
        here = (data.free[members][:, *own] > 0).all(axis=(1, 2, 3))
        there = (data.free[members][:, *other] > 0).all(axis=(1, 2, 3))
        assert here.sum() == there.sum() == members.sum() // 2
        tests = data.test_labels == label
        assert (data.similar[tests][:, *own] > 0).all()
        assert (data.dissimilar[tests][:, *other] > 0).all()
    for images in (data.tied, data.free):
        np.testing.assert_array_equal(images.sum(axis=(1, 2, 3)), PATCHES.sum(axis=(1, 2, 3)))
    np.testing.assert_array_equal(data.free, patch_data().free)


def test_patches_say_nothing_about_their_class():
    np.testing.assert_array_equal(PATCHES[::2], PATCHES[1::2])
    np.testing.assert_array_equal(LABELS, [0, 1] * 30)
    assert len(np.unique(PATCHES[::2], axis=0)) == 30
    assert (unlabelled_patches(30, 4, seed=1)[0] != PATCHES).any()
    assert PATCHES.min() >= 128


def test_a_network_that_forgets_position_stays_at_one_half():
    data = patch_data()
    network = blind()
    for seed in range(3):
        for layer in network.layers:
            if layer.weights:
                shapes = [weight.shape for weight in layer.weights]
                random = np.random.default_rng(seed)
                layer.set_weights([random.normal(size=shape) for shape in shapes])
        numbers = location_test(network, data.similar, data.dissimilar, data.test_labels)
        assert numbers == {
            "accuracy_similar": 0.5,
            "accuracy_dissimilar": 0.5,
            "location_gap": 0.0,
            "answers_kept": 1.0,
        }


def test_a_network_that_reads_the_frame_is_right_and_then_wrong():
    data = patch_data()
    numbers = location_test(reader(), data.similar, data.dissimilar, data.test_labels)
    assert numbers == {
        "accuracy_similar": 1.0,
        "accuracy_dissimilar": 0.0,
        "location_gap": 1.0,
        "answers_kept": 0.0,
    }


def test_the_frame_is_out_of_reach_behind_a_margin():
    # With 3 pixels between patch and frame, no bright pixel has fewer than 3 ones above it.
    data = patch_data(margin=3)
    numbers = location_test(reader(reach=3), data.similar, data.dissimilar, data.test_labels)
    assert numbers["location_gap"] == 0
    assert numbers["accuracy_similar"] == 0.5


def test_garments_of_two_classes():
    images, labels, test_images, test_labels = drawn(n_train=40, n_test=20)
    kept, renamed = two_classes(images, labels, 7, 1)
    np.testing.assert_array_equal(kept, images[(labels == 7) | (labels == 1)])
    np.testing.assert_array_equal(renamed == 0, labels[(labels == 7) | (labels == 1)] == 7)
    tests = two_classes(test_images, test_labels, 7, 1)
    data = location_data(kept, renamed, *tests, side=40)
    assert data.tied.shape == data.free.shape == (8, 40, 40, 1)
    assert data.similar.shape == data.dissimilar.shape == (4, 40, 40, 1)
    np.testing.assert_array_equal(
        data.similar[tests[1] == 0][0, :28, :28], tests[0][tests[1] == 0][0]
    )
    with pytest.raises(InputError, match="classes 7 and 11"):
        two_classes(images, labels, 7, 11)
    with pytest.raises(InputError, match="two of"):
        two_classes(images, labels, 7, 7)
    with pytest.raises(InputError, match="0 and 1"):
        location_data(images, labels, test_images, test_labels, side=40)
