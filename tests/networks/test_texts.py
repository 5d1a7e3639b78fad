"""N-grams by hand, and networks of texts whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.beyond.texts import split_text
from convbias.errors import InputError
from convbias.networks.beyond import texts
from convbias.networks.beyond.ngrams import log_probabilities
from convbias.spec.beyond.causal import CausalAttention, CausalConvolution
from convbias.spec.beyond.texts import CountRecipe, NGram, TextRecipe

A, B, C = 0, 1, 2


def test_pairs_by_hand():
    # Counted: a three times, b twice, c never; of three characters two occur.
    counted = np.array([A, B, A, A, B])
    single = np.array([3 + 2 / 3, 2 + 2 / 3, 2 / 3]) / (5 + 2)
    found = np.exp(log_probabilities(counted, np.array([A]), 1, 3))
    np.testing.assert_allclose(found, [single])
    # a is followed by b, a and b: three times, by two different characters. b is followed by a
    # once; the last b by nothing. c was never seen, so nothing is known of what follows it.
    after_a = (np.array([1, 2, 0]) + 2 * single) / (3 + 2)
    after_b = (np.array([1, 0, 0]) + 1 * single) / (1 + 1)
    found = np.exp(log_probabilities(counted, np.array([A, B, C, A]), 2, 3))
    np.testing.assert_allclose(found, [after_a, after_b, single])


def test_longer_contexts_are_interpolated_with_shorter_ones():
    random = np.random.default_rng(0)
    counted, told = random.integers(4, size=500), random.integers(4, size=60)
    found = np.exp(log_probabilities(counted, told, 3, 4))
    shorter = np.exp(log_probabilities(counted, told, 2, 4))[1:]
    assert found.shape == (58, 4)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for place in range(58):
        context = told[place : place + 2].tolist()
        following = [
            int(counted[at + 2]) for at in range(498) if counted[at : at + 2].tolist() == context
        ]
        times = np.bincount(following, minlength=4)
        different = len(set(following))
        expected = (times + different * shorter[place]) / (len(following) + different)
        np.testing.assert_allclose(found[place], expected)


# Of four characters the first is one of four by chance, the third repeats it, and the others are
# always the same: whoever sees two characters loses log 4 nats at every fourth and none elsewhere.
@pytest.fixture
def repeating(monkeypatch):
    drawn = np.random.default_rng(1).integers(4, size=3_000)
    text = split_text("".join("{0}-{0}+".format("abcd"[code]) for code in drawn))
    monkeypatch.setattr(texts, "load_shakespeare", lambda: text)
    return text


RECIPE = TextRecipe(learning_rate=0.02, steps=150, windows=8, block=16)
KNOWN = np.log(4) / 4


@pytest.mark.parametrize(
    "model",
    [
        CausalConvolution(width=16, layers=3, kernel_size=2, growth=2, largest_dilation=2),
        CausalAttention(width=16, layers=2, positions="rotated", field=6),
    ],
)
def test_a_network_learns_what_can_be_known(repeating, model):
    del repeating
    found = texts.train_text(model, RECIPE, seed=0)
    assert found.test.loss == pytest.approx(KNOWN, abs=0.08)
    assert found.measures["characters_told"] == pytest.approx(0.75 + 0.25 / 4, abs=0.05)
    assert found.measures["parameters"] == model.parameters(6, 6)
    assert found.measures["largest_change_beyond_field"] < 1e-4
    # Of 600 test characters, 36 blocks of 16 have a block before them and a character to follow.
    assert len(found.per_item.correct) == found.test.images == 36
    assert found.per_item.loss is not None
    assert found.per_item.loss.mean() == pytest.approx(found.test.loss, abs=1e-3)


def test_counts_are_scored_on_the_same_blocks(repeating):
    found = texts.count_text(NGram(order=5), CountRecipe(block=16))
    assert found.test.images == 36
    told = log_probabilities(repeating.training, repeating.test, 5, 6)
    each = -told[np.arange(len(told)), repeating.test[4:]]  # from the fifth character on
    # The first scored character is the one after the first block and the one that follows it.
    expected = each[17 - 4 : 17 - 4 + 36 * 16].reshape(36, 16).mean(axis=1)
    assert found.per_item.loss is not None
    np.testing.assert_allclose(found.per_item.loss, expected, rtol=1e-3)
    assert found.test.loss == pytest.approx(KNOWN, abs=0.05)


def test_a_field_longer_than_what_precedes_is_refused(repeating):
    del repeating
    model = CausalConvolution(width=4, layers=2, kernel_size=10)  # sees 19
    with pytest.raises(InputError, match="sees 19 characters, but only 17 precede"):
        texts.train_text(model, RECIPE, seed=0)
