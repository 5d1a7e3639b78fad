"""The training of networks of sequences: what can be learned is, what is not seen is not."""

from __future__ import annotations

import numpy as np
import pytest

from convbias import data
from convbias.data.beyond import sequences
from convbias.networks.beyond.sequences import train_on_sequences
from convbias.spec.beyond.causal import CausalAttention, CausalConvolution
from convbias.spec.beyond.sequences import MemoryTask, ScannedImageTask, SequenceRecipe

ADDING = MemoryTask(rule="adding", lag=6)
RECIPE = SequenceRecipe(steps=400, batch_size=32, learning_rate=0.02)


def convolution(layers: int) -> CausalConvolution:
    return CausalConvolution(width=8, layers=layers, growth=2)


def test_what_is_seen_is_added():
    result = train_on_sequences(ADDING, convolution(2), RECIPE, seed=0)  # field 7
    assert result.test.loss < 0.2 * ADDING.least_error(0)
    assert result.test.images == len(result.per_item.correct) == 1_000
    assert result.measures["parameters"] == 3 * 8 + 2 * (3 * 8 + 1) * 8 + 9
    again = train_on_sequences(ADDING, convolution(2), RECIPE, seed=0)
    assert (again.per_item.loss == result.per_item.loss).all()


def test_what_is_not_seen_is_not_added():
    result = train_on_sequences(ADDING, convolution(1), RECIPE, seed=0)  # field 3: the second half
    assert ADDING.least_error(3) == 1 / 12
    assert result.test.loss == pytest.approx(1 / 12, abs=0.015)


def test_symbols_are_scored_and_blanks_are_not():
    task = MemoryTask(rule="copying", lag=2)
    recipe = RECIPE.model_copy(update={"steps": 150})
    result = train_on_sequences(task, convolution(1), recipe, seed=0)
    assert result.test.images == 2_000
    # Without memory: an eighth is right, at a loss of ln 8; blanks are told without error.
    assert result.test.accuracy == pytest.approx(1 / 8, abs=0.03)
    assert result.test.loss == pytest.approx(np.log(8), rel=0.03)
    expected = 10 * np.log(8) / (2 + 20)
    assert result.measures["loss_over_positions"] == pytest.approx(expected, rel=0.05)


def test_images_are_told_better_than_by_guessing(monkeypatch):
    drawn = data.load("drawn")
    monkeypatch.setattr(sequences, "load", lambda _: drawn)
    recipe = SequenceRecipe(steps=100, batch_size=32, learning_rate=0.01)
    model = CausalAttention(width=8, layers=1)
    result = train_on_sequences(ScannedImageTask(order="permuted"), model, recipe, seed=1)
    assert result.test.images == 1_000
    assert result.checksum == drawn.checksum
    assert result.test.accuracy > 0.3
