"""The order of the training images in each epoch, and the number of steps."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias import data
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.networks import optimisers, training
from convbias.networks.engine import Engine
from convbias.networks.training import epoch_orders, split_of, train
from convbias.spec.arms import Arm, DataVariant, Dense
from convbias.spec.recipes import classic

pytestmark = pytest.mark.slow

ORDER_STREAM = 0x0D3  # not by way of `Stream`, so that a change of its numbers is noticed

BLANK = np.zeros((1_200, 28, 28, 1), np.uint8)
LABELS = (np.arange(1_200) % 10).astype(np.uint8)
UNSEEN = Dataset("drawn", BLANK, LABELS, BLANK, LABELS)


def arm(recipe, images_per_epoch=None, training_images=100):
    recipe = recipe.model_copy(update={"images_per_epoch": images_per_epoch})
    variant = DataVariant(dataset="drawn", training_images=training_images)
    return Arm(data=variant, model=Dense(), recipe=recipe)


def orders(epochs, seed, *images):
    described = arm(classic(1), *images)
    training, _ = split_of(described, seed, UNSEEN)
    stream = epoch_orders(training, seed, described.recipe.images_per_epoch)
    return [next(stream) for _ in range(epochs)]


def passes(number, seed, training_images=100):
    """Permutations of the arm's training images by NumPy alone."""
    images, _ = data.split(LABELS, seed)
    if training_images is not None:
        images = data.subset(images, LABELS, training_images, seed)
    stream = np.random.default_rng([seed, ORDER_STREAM])
    return [stream.permutation(images) for _ in range(number)]


@pytest.mark.parametrize("training_images", [None, 100])
def test_without_the_option_an_epoch_is_one_pass(training_images):
    """Stored runs depend on it, so a change of the orders must fail here."""
    made = orders(3, 7, None, training_images)
    np.testing.assert_array_equal(made, passes(3, 7, training_images))


@settings(deadline=None, max_examples=40)
@given(images=st.integers(1, 350), epochs=st.integers(1, 6), seed=st.integers(0, 99))
def test_passes_follow_one_another_without_a_break(images, epochs, seed):
    made = orders(epochs, seed, images)
    assert [len(order) for order in made] == [images] * epochs
    drawn_so_far = np.concatenate(made)
    expected = passes(-(-images * epochs // 100), seed)
    np.testing.assert_array_equal(drawn_so_far, np.concatenate(expected)[: images * epochs])


def test_every_image_comes_once_in_every_pass():
    """250 images an epoch, four epochs: ten whole passes, three of them across two epochs."""
    drawn_so_far = np.concatenate(orders(4, 3, 250))
    chosen = np.sort(passes(1, 3)[0])
    for one in drawn_so_far.reshape(10, 100):
        np.testing.assert_array_equal(np.sort(one), chosen)
    assert len({tuple(one) for one in drawn_so_far.reshape(10, 100)}) == 10
    for length in range(1, 1_001):
        counts = np.bincount(drawn_so_far[:length], minlength=1_200)[chosen]
        assert counts.max() - counts.min() <= 1


@pytest.fixture(scope="module")
def garments():
    return Dataset("drawn", *drawn(1_200, 40))


def test_few_images_take_as_many_steps_as_many(garments, monkeypatch):
    """300 images make 5 steps of 64, and three epochs 15, after which the rate is zero."""
    calls = []
    build = optimisers.build

    def counted(recipe, steps_per_epoch, last_layer):
        calls.append((recipe, steps_per_epoch))
        return build(recipe, steps_per_epoch, last_layer)

    monkeypatch.setattr(optimisers, "build", counted)
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=count().__next__))
    recipe = classic(3).model_copy(update={"batch_size": 64, "schedule": "warmup-cosine"})
    states = []
    monkeypatch.setattr(Engine, "restore", lambda _self, _networks, state: states.append(state))
    seen = []
    few = arm(recipe, 300)
    [run] = train(few, [0], garments, lambda *values: seen.append(values[-1]))
    assert int(states[0].optimiser[0]) == 15
    [(recipe, steps_per_epoch)] = calls
    rate = optimisers.learning_rate(recipe, steps_per_epoch)
    assert float(rate(14)) > 1e-5
    assert float(rate(15)) == pytest.approx(0, abs=1e-9)
    assert run.epochs[-1].train_accuracy > run.epochs[0].train_accuracy
    assert run.train.images == 100  # each once, though there are 120 validation images
    # The clock moves by a second between two looks at it.
    assert run.images_per_second == 300
    assert seen == [300, 300, 300]


def test_two_passes_in_one_epoch_are_two_epochs_of_one(garments):
    """Both train on the same batches of 100 in the same order."""
    recipe = classic(2).model_copy(update={"batch_size": 100})
    [two] = train(arm(recipe), [4], garments)
    [one] = train(arm(recipe.model_copy(update={"epochs": 1}), 200), [4], garments)
    assert one.epochs[0].train_loss == pytest.approx(
        np.mean([epoch.train_loss for epoch in two.epochs]), rel=1e-5
    )
    assert one.epochs[0].validation_loss == pytest.approx(two.epochs[1].validation_loss, rel=1e-4)
    for mine, theirs in zip(one.network.get_weights(), two.network.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
