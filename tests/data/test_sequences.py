"""Sequences by rules, checked against the rules; images as rows."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.beyond.sequences import draw, scan, scored, training_batches
from convbias.spec.beyond.sequences import MemoryTask, ScannedImageTask

ADDING = MemoryTask(rule="adding", lag=31)
COPYING = MemoryTask(rule="copying", lag=12)


def test_two_marked_numbers_add_up():
    drawn = draw(ADDING, np.random.default_rng(0), 4_000)
    values, marks = drawn.inputs[..., 0], drawn.inputs[..., 1]
    assert drawn.inputs.shape == (4_000, 31, 2)
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, :15].sum(axis=1) == 1).all()
    assert (marks[:, 15:].sum(axis=1) == 1).all()
    assert marks.any(axis=0).all()
    np.testing.assert_allclose((values * marks).sum(axis=1), drawn.targets, rtol=1e-6)
    # The published error of always answering 1: twice the variance of a number from 0 to 1.
    assert ((drawn.targets - 1) ** 2).mean() == pytest.approx(1 / 6, abs=0.01)


def test_ten_symbols_are_copied_after_the_sign():
    drawn = draw(COPYING, np.random.default_rng(0), 500)
    assert drawn.inputs.shape == drawn.targets.shape == (500, 12 + 20)
    assert (drawn.inputs[:, :10] == drawn.targets[:, -10:]).all()
    assert set(np.unique(drawn.inputs[:, :10])) == set(range(8))
    assert (drawn.inputs[:, 10:21] == 8).all()  # blanks, one fewer than the lag
    assert (drawn.inputs[:, 21] == 9).all()  # the sign
    assert (drawn.inputs[:, 22:] == 8).all()
    assert (drawn.targets[:, :-10] == 8).all()
    # The first symbol is asked for right after the sign: both positions and all between them.
    assert COPYING.distance == 22 + 1


@pytest.mark.parametrize("field", [0, 5, 15, 16, 25, 31, 99])
def test_the_least_error_of_adding_by_simulation(field):
    drawn = draw(ADDING, np.random.default_rng(1), 20_000)
    values, marks = drawn.inputs[..., 0], drawn.inputs[..., 1]
    seen = np.arange(31) >= 31 - field
    marked = marks * seen
    # Of a number that is not seen, the mean is the best answer.
    best = (values * marked).sum(axis=1) + 0.5 * (2 - marked.sum(axis=1))
    error = ((best - drawn.targets) ** 2).mean()
    assert ADDING.least_error(field) == pytest.approx(error, abs=0.003)


def test_the_least_error_of_copying():
    assert COPYING.least_error(22) == 7 / 8
    assert COPYING.least_error(23) == 0


def test_scored_sequences_are_the_same_for_all_and_never_trained_on():
    test, again = scored(ADDING), scored(ADDING)
    assert test.checksum == again.checksum
    others = [scored(ADDING, validation=True), *map(_first, range(3))]
    assert len({each.inputs[0].tobytes() for each in (test, *others)}) == 5


def _first(seed: int):
    return next(training_batches(ADDING, seed, 8))


def test_every_step_has_fresh_sequences():
    batches = training_batches(COPYING, 0, 8)
    assert next(batches).checksum != next(batches).checksum


def test_images_are_read_row_by_row():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)
    rows = scan(ScannedImageTask(), 0, images)
    np.testing.assert_allclose(rows[2, 5], images[2, 5, :, 0] / 255, rtol=1e-6)
    one, other = (scan(ScannedImageTask(order="permuted"), seed, images) for seed in (0, 1))
    for permuted in (one, other):
        assert (np.sort(permuted, axis=None) == np.sort(rows, axis=None)).all()
        assert (permuted != rows).mean() > 0.9
    assert (one != other).mean() > 0.9
    # The same order for all images.
    same = scan(ScannedImageTask(order="permuted"), 0, images[[2, 2, 2]])
    assert (same == one[2]).all()
