"""Receptive fields against arithmetic by hand and binomials."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.errors import InputError
from convbias.measures.receptive_field import (
    influence_map,
    measure,
    receptive_field,
    share_within,
    square_holding,
)
from convbias.measures.theoretical_field import theoretical_fields
from convbias.networks import models
from convbias.networks.layers import (
    AntialiasedPooling,
    CircularPadding,
    Convolution,
    LocalConnection,
    MaxPooling,
)
from convbias.spec.arithmetic import Field
from convbias.spec.arms import Convolutional, Dense
from subjects import make_subject

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)


def network_of(*layers: keras.Layer, side: int = 28) -> keras.Sequential:
    return keras.Sequential([keras.Input((side, side, 1)), *layers])


def noise(count: int, side: int) -> np.ndarray:
    return GENERATOR.integers(0, 256, size=(count, side, side, 1), dtype=np.uint8)


def set_kernel(network: keras.Sequential, number: int, kernel: list | np.ndarray) -> None:
    kernel = np.asarray(kernel, dtype=np.float32)
    network.layers[number].set_weights([kernel.reshape(*kernel.shape[:2], 1, 1), np.zeros(1)])


@pytest.mark.parametrize(
    ("kernel_size", "sides"),
    [(3, [3, 4, 8, 10]), (5, [5, 6, 14, 16]), (7, [7, 8, 20, 22])],
)
def test_the_fields_of_the_study_s_networks(kernel_size, sides):
    network = models.build(Convolutional(kernel_size=kernel_size), seed=0)
    fields = theoretical_fields(network)
    assert list(fields) == ["conv_1", "pool_1", "conv_2", "pool_2"]
    assert [field.side for field in fields.values()] == sides
    # Of 7 x 7 units, the middle one's field lies in the middle of 28 x 28 pixels.
    assert fields["pool_2"].stride == 4
    assert fields["pool_2"].centre(3, 3) == (14, 14)


@pytest.mark.parametrize(("dilation", "side"), [(1, 10), (2, 16), (3, 22)])
@pytest.mark.parametrize("padding", ["same", "circular"])
def test_the_field_grows_by_six_pixels_per_dilation(dilation, side, padding):
    """1 + 2 d by the first kernel, + 1 by pooling, + 2 * 2 d by the second kernel, + 2."""
    network = models.build(Convolutional(dilation=dilation, padding=padding), seed=0)
    field = theoretical_fields(network)["pool_2"]
    assert field.side == 6 * dilation + 4 == side
    assert field.centre(3, 3) == (14, 14)


def test_strides_dilation_and_padding_by_hand():
    network = network_of(
        keras.layers.Conv2D(1, 3, strides=2, padding="same", name="stride"),
        keras.layers.Conv2D(1, 3, dilation_rate=2, padding="valid", name="dilated"),
        keras.layers.AveragePooling2D(3, strides=2, padding="same", name="average"),
    )
    fields = theoretical_fields(network)
    # 28 pixels to 14 units: one column of padding, and Keras puts the odd one at the end.
    assert fields["stride"] == Field(side=3, stride=2, first=(0, 0))
    # A dilated kernel spans 5 units, 2 pixels apart: 3 + 4 * 2.
    assert fields["dilated"] == Field(side=11, stride=2, first=(0, 0))
    # 10 units to 5: one of padding, at the end; 11 + 2 * 2.
    assert fields["average"] == Field(side=15, stride=4, first=(0, 0))


def test_padding_moves_the_first_field_out_of_the_image():
    network = network_of(
        CircularPadding(2, name="around"),
        Convolution(1, 5, padding="valid", name="circular"),
        keras.layers.ZeroPadding2D(((3, 0), (1, 0)), name="zeros"),
        LocalConnection(1, 3, name="local"),
    )
    fields = theoretical_fields(network)
    assert fields["circular"] == Field(side=5, stride=1, first=(-2, -2))
    assert fields["zeros"] == Field(side=5, stride=1, first=(-5, -3))
    assert fields["local"] == Field(side=7, stride=1, first=(-6, -4))


@pytest.mark.parametrize(("method", "side"), [("blur", 4), ("polyphase", 3)])
def test_antialiased_pooling_is_seen_by_changing_pixels(method, side):
    network = network_of(AntialiasedPooling(method, circular=False, name="pool"), side=12)
    field = theoretical_fields(network)["pool"]
    assert (field.side, field.stride) == (side, 2)
    unit = (3, 3)
    base = np.full((1, 12, 12, 1), 100, dtype=np.uint8)
    reached = np.zeros((12, 12), dtype=bool)
    # A bright block elsewhere, whose maxima fill three rows and columns, begins and ends them with
    # even or odd ones, and so settles which pixels are kept.
    for corner in (9, 10):
        settled = base.copy()
        settled[0, corner : corner + 2, corner : corner + 2] = 255
        before = np.asarray(network(settled / 255.0))[0, *unit, 0]
        for row, column in np.ndindex(9, 9):
            changed = settled.copy()
            changed[0, row, column] = 120
            after = np.asarray(network(changed / 255.0))[0, *unit, 0]
            reached[row, column] |= bool(after != before)
    first = tuple(start + 2 * 3 for start in field.first)
    expected = np.zeros((12, 12), dtype=bool)
    expected[first[0] : first[0] + side, first[1] : first[1] + side] = True
    assert not (reached & ~expected).any()
    np.testing.assert_array_equal(reached.any(axis=1), expected.any(axis=1))
    np.testing.assert_array_equal(reached.any(axis=0), expected.any(axis=0))


def test_boxes_upon_boxes_give_a_binomial():
    """Box kernels without activation: the gradient is the repeated convolution of boxes."""
    network = network_of(
        *(Convolution(1, 3, padding="same", activation=None) for _ in range(3)), side=15
    )
    for number in range(3):
        set_kernel(network, number, np.full((3, 3), 1 / 9))
    influence, numbers = receptive_field(network, noise(2, 15))
    trinomial = np.array([1, 3, 6, 7, 6, 3, 1]) / 27  # coefficients of (1 + x + x * x)**3
    expected = np.zeros((15, 15))
    expected[4:11, 4:11] = np.outer(trinomial, trinomial)
    np.testing.assert_allclose(influence, expected, atol=1e-7)
    assert numbers["theoretical_field"] == 7
    # Within one pixel lies 49 / 729 of the map, within three (19 / 27)**2 = 49.52 %. To hold 50 %
    # a square reaches e pixels into the third ring: (19 + 6 e)**2 = 0.5 * 729.
    reach = ((0.5 * 729) ** 0.5 - 19) / 6
    np.testing.assert_allclose(numbers["effective_field_50"], 3 + 2 * reach, atol=1e-5)
    np.testing.assert_allclose(numbers["effective_share_50"], (3 + 2 * reach) / 7, atol=1e-5)


def test_two_layers_by_hand():
    """A shifted, signed kernel over a pool: rows [0 0 0], [0 2 -1] hold; pooled at stride 2."""
    network = network_of(
        keras.layers.AveragePooling2D(2),
        Convolution(1, 3, padding="same", activation=None),
        side=6,
    )
    set_kernel(network, 1, [[0, 0, 0], [0, 2, -1], [0, 0, 0]])
    influence = influence_map(network, noise(3, 6), network.layers[1].name)
    expected = np.zeros((6, 6))
    expected[2:4, 2:4] = 2  # unit (1, 1) of 3 x 3 takes the pool over pixels 2 and 3 twice,
    expected[2:4, 4:6] = 1  # and the one to its right once, whatever the sign
    np.testing.assert_allclose(influence, expected / 12, atol=1e-7)


def test_channels_of_opposite_sign_do_not_cancel():
    network = network_of(keras.layers.Conv2D(2, 1, name="both"), side=5)
    network.layers[0].set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2), np.zeros(2)])
    influence = influence_map(network, noise(1, 5), "both")
    assert influence[2, 2] == 1


@pytest.mark.parametrize(("kernel_size", "dilation"), [(3, 1), (5, 1), (3, 2)])
def test_no_influence_from_outside_the_theoretical_field(kernel_size, dilation):
    network = models.build(Convolutional(kernel_size=kernel_size, dilation=dilation), seed=1)
    influence, numbers = receptive_field(network, noise(20, 28))
    side = int(numbers["theoretical_field"])
    inside = slice(14 - side // 2, 14 + side // 2)
    np.testing.assert_allclose(influence.sum(), 1)
    assert influence[inside, inside].min() > 1e-5
    influence[inside, inside] = 0
    assert influence.sum() < 1e-6  # rounding of the fast convolution
    np.testing.assert_allclose(numbers["influence_outside"], influence.sum(), atol=1e-12)
    sides = [numbers[f"effective_field_{share}"] for share in (20, 30, 50, 99)]
    assert 0 < sides[0] < sides[1] < sides[2] < sides[3] < side
    np.testing.assert_allclose(numbers["effective_share_99"], sides[3] / side)


def test_the_project_s_layers_give_the_gradient_of_stock_ones():
    ours = network_of(Convolution(4, 3, padding="same", activation="relu"), MaxPooling(2), side=12)
    stock = network_of(
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        side=12,
    )
    stock.set_weights(ours.get_weights())
    images = noise(70, 12)  # more than one batch
    found, expected = (
        influence_map(network, images, network.layers[1].name) for network in (ours, stock)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(1, 12))
def test_on_an_even_map_the_side_is_the_root_of_the_share(share, length):
    even = np.full((length, length), 1 / length**2)
    side = square_holding(even, share, (length / 2, length / 2))
    np.testing.assert_allclose(side, length * share**0.5, atol=1e-8)


def test_the_smallest_square_where_several_hold_the_share():
    ring = np.zeros((5, 5))
    ring[2, 2], ring[0, 0] = 0.5, 0.5
    np.testing.assert_allclose(square_holding(ring, 0.5, (2.5, 2.5)), 1)


def test_what_has_no_field_is_refused():
    dense = models.build(Dense(), seed=0)
    assert theoretical_fields(dense) == {}
    with pytest.raises(InputError, match="no units in place"):
        receptive_field(dense, noise(1, 28))
    cnn = models.build(Convolutional(kernel_size=3), seed=0)
    with pytest.raises(InputError, match="one of conv_1, pool_1, conv_2, pool_2"):
        receptive_field(cnn, noise(1, 28), "dense_1")
    with pytest.raises(InputError, match=r"uint8 \(n, 28, 28, 1\)"):
        receptive_field(cnn, noise(1, 28) / 255)
    with pytest.raises(InputError, match="a UpSampling2D, is not supported"):
        theoretical_fields(network_of(keras.layers.UpSampling2D(2)))
    with pytest.raises(InputError, match="the same along both axes"):
        theoretical_fields(network_of(keras.layers.Conv2D(1, (1, 3))))
    inputs = keras.Input((28, 28, 1))
    with pytest.raises(InputError, match="in which every layer has one input"):
        theoretical_fields(keras.Model(inputs, keras.layers.Conv2D(1, 3)(inputs)))


def test_units_that_are_never_active_are_refused():
    network = network_of(Convolution(1, 3, padding="same", activation="relu"), side=6)
    network.layers[0].set_weights([np.zeros((3, 3, 1, 1)), np.full(1, -1.0)])
    with pytest.raises(InputError, match="no pixel of 2 images"):
        receptive_field(network, noise(2, 6))


def test_what_lies_outside_a_square_counts_by_its_area():
    even = np.full((6, 6), 1 / 36)
    np.testing.assert_allclose(share_within(even, 3, (3, 3)), 0.25)
    # Half a pixel on each side of the middle's 2 x 2, one side cut off by the frame.
    np.testing.assert_allclose(share_within(even, 3, (3, 1)), 3 * 2.5 / 36)
    assert share_within(even, 0, (3, 3)) == 0


def test_measured_is_the_network_and_what_it_began_as(monkeypatch):
    monkeypatch.setattr("convbias.measures.receptive_field.TEST_IMAGES", 10)
    subject = make_subject(Convolutional(filters=(3, 4)), standardised=True)
    measured = measure(subject)
    assert measured.images == 10
    images = subject.dataset.test_images[:10]
    influence, numbers = receptive_field(subject.network, images)
    np.testing.assert_array_equal(measured.pictures["influence"], influence)
    assert {name: measured.values[name] for name in numbers} == numbers
    began = subject.untrained()
    drawn = models.build(subject.arm.model, subject.seed)
    for one, other in zip(began.get_weights(), drawn.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    scaling = began.get_layer("standardise").get_config()
    data = subject.dataset
    np.testing.assert_allclose(scaling["scale"] * data.pixel_std, 1)
    np.testing.assert_allclose(scaling["offset"], -data.pixel_mean / data.pixel_std)
    influence, numbers = receptive_field(began, images)
    np.testing.assert_array_equal(measured.pictures["untrained_influence"], influence)
    assert measured.values["untrained_effective_field_50"] == numbers["effective_field_50"]
    assert measured.values["effective_field_50"] != numbers["effective_field_50"]


def test_a_network_without_maps_has_nothing_measured():
    measured = measure(make_subject(Dense()))
    assert (measured.values, measured.pictures) == ({}, {})
