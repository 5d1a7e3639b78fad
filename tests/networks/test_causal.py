"""Networks of sequences: what an output depends on, and how many parameters there are."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.errors import InputError
from convbias.networks.beyond.causal import Positions, SelfAttention, build, rotate
from convbias.spec.beyond.causal import CausalAttention, CausalConvolution, GatedRecurrence
from convbias.spec.description import describe

RANDOM = np.random.default_rng(0)
INPUTS, OUTPUTS = 3, 5

PLAIN = CausalConvolution(width=4, layers=3, kernel_size=4)
DILATED = CausalConvolution(width=4, layers=3, growth=2)
LIMITED = CausalConvolution(width=4, layers=4, kernel_size=2, growth=2, largest_dilation=2)
GRU = GatedRecurrence(width=4)
ATTENTION = CausalAttention(width=8, layers=2)
ROTATED = CausalAttention(width=8, layers=2, positions="rotated")
NEAR = CausalAttention(width=8, layers=2, field=6)


def network_of(model):
    return build(model, INPUTS, OUTPUTS, iter(range(99)))


@pytest.mark.parametrize(
    ("model", "counted"),
    [
        # Channels 16, each block 4 * 4 * 4 + 4 or 3 * 4 * 4 + 4, outputs 25.
        (PLAIN, 16 + 3 * 68 + 25),
        (DILATED, 16 + 3 * 52 + 25),
        # Three gates, each 3 * 4 + 4 * 4 + 2 * 4; outputs 25.
        (GRU, 3 * 36 + 25),
        # Channels 32; in each block 16 + 216 + 72 and 16 + 144 + 136; 16; outputs 45.
        (ATTENTION, 32 + 2 * 600 + 16 + 45),
    ],
)
def test_parameters_by_hand(model, counted):
    assert model.parameters(INPUTS, OUTPUTS) == counted
    assert network_of(model).count_params() == counted


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (PLAIN, 10),
        (DILATED, 15),
        (LIMITED, 8),
        (GRU, 24),
        (ATTENTION, 24),
        (ROTATED, 24),
        (NEAR, 6),
    ],
)
def test_an_output_depends_on_its_field_exactly(model, field):
    # Plain: 1 + 3 layers * (4 - 1). Dilated: 1 + (1 + 2 + 4) * (3 - 1). Limited: 1 + 1 + 3 * 2.
    # Attention of two layers with field 6: they reach back by 3 and by 2. Others: all before.
    length, changed = 24, 5
    if model.receptive_field is not None:
        assert model.receptive_field == field
    network = network_of(model)
    before = RANDOM.normal(size=(16, length, INPUTS)).astype(np.float32)
    after = before.copy()
    after[:, changed] = RANDOM.normal(size=(16, INPUTS))
    differs = (np.asarray(network(before)) != np.asarray(network(after))).any(axis=(0, 2))
    seeing = [place for place in range(length) if changed <= place < changed + field]
    assert np.flatnonzero(differs).tolist() == seeing


@pytest.mark.parametrize(
    ("model", "length"),
    [(PLAIN, 5), (PLAIN, 12), (DILATED, 5), (DILATED, 12), (DILATED, 17), (GRU, 5), (ATTENTION, 5)],
)
def test_the_last_output_alone_is_that_of_all(model, length):
    every = network_of(model)
    last = build(model, INPUTS, OUTPUTS, iter(range(99)), last_of=length)
    inputs = RANDOM.normal(size=(4, length, INPUTS)).astype(np.float32)
    expected = np.asarray(every(inputs))[:, -1]
    np.testing.assert_allclose(np.asarray(last(inputs)), expected, rtol=1e-4, atol=1e-5)


def test_attention_by_hand():
    heads, channels, length = 2, 6, 5
    inputs = RANDOM.normal(size=(2, length, 3 * channels)).astype(np.float32)
    found = np.asarray(SelfAttention(heads)(inputs))
    expected = np.zeros((2, length, channels))
    for n in range(2):
        for head in range(heads):
            part = slice(3 * head, 3 * head + 3)
            queries, keys, values = (each[:, part] for each in np.split(inputs[n], 3, axis=1))
            for place in range(length):
                scores = np.exp(keys[: place + 1] @ queries[place] / np.sqrt(3))
                expected[n, place, part] = scores / scores.sum() @ values[: place + 1]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_positions_turn_by_the_same_angle_everywhere():
    # A shift by one position turns every pair of channels by an angle that is the same everywhere.
    pairs = np.asarray(Positions()(np.zeros((1, 9, 6), np.float32)))[0].reshape(9, 3, 2)
    waves = pairs[..., 1] + 1j * pairs[..., 0]
    angles = np.angle(waves[1:] / waves[:-1])
    expected = [1, 10_000 ** (-1 / 3), 10_000 ** (-2 / 3)]
    np.testing.assert_allclose(angles, np.tile(expected, (8, 1)), atol=1e-4)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(InputError, match="the width 8 is not a multiple of 3 heads"):
        describe(CausalAttention, {"width": 8, "layers": 1, "heads": 3}, "model.toml")


def test_rotated_products_depend_on_distances():
    queries, keys = RANDOM.normal(size=(2, 1, 1, 1, 6)).astype(np.float32)
    # The same vectors at all of nine positions.
    turned = [np.asarray(rotate(np.repeat(each, 9, axis=2)))[0, 0] for each in (queries, keys)]
    products = turned[0] @ turned[1].T
    for distance in range(-8, 9):
        along = np.diagonal(products, distance)
        np.testing.assert_allclose(along, along[0], rtol=1e-3, atol=1e-4)
    assert np.std(products[0]) > 0.01
    # At the first position nothing is turned; a turn keeps the length.
    np.testing.assert_allclose(turned[0][0], queries[0, 0, 0])
    np.testing.assert_allclose(
        np.linalg.norm(turned[0], axis=1), np.linalg.norm(queries), rtol=1e-5
    )


def test_heads_without_pairs_are_not_rotated():
    with pytest.raises(InputError, match="2 heads of width 6 have no pairs to rotate"):
        describe(CausalAttention, {"width": 6, "layers": 1, "positions": "rotated"}, "model.toml")
