"""Training runs: reproducibility, divergence, records, several seeds at once."""

import time

import jax
import numpy as np
import pytest

from convbias import data
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.errors import InputError, RunError
from convbias.networks.engine import Engine
from convbias.networks.training import split_of, train
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Recipe
from convbias.spec.recipes import classic, scheduled

pytestmark = pytest.mark.slow

SMALL = Convolutional(filters=(8, 8))


@pytest.fixture(scope="module")
def garments():
    return Dataset("drawn", *drawn(600, 100))


def arm(model=None, recipe=None, **variant):
    return Arm(
        data=DataVariant(dataset="drawn", **variant),
        model=model or Dense(),
        recipe=recipe or scheduled(epochs=3, learning_rate=0.02),
    )


def trained(arm, seed, dataset, on_epoch=None):
    [result] = train(arm, [seed], dataset, on_epoch)
    return result


def test_learns_and_records_every_epoch(garments):
    seen = []
    result = trained(arm(), 0, garments, lambda *values: seen.append(values))
    assert result.status == "finished"
    assert [values[:2] for values in seen] == [(0, 1), (0, 2), (0, 3)]
    assert [values[2] for values in seen] == list(result.epochs)
    assert result.epochs[-1].train_loss < result.epochs[0].train_loss
    assert result.test.accuracy > 0.3  # chance is 0.1
    assert result.validation.images == result.train.images == 60
    assert result.validation.accuracy == result.epochs[-1].validation_accuracy


@pytest.mark.parametrize("model", [Dense(), SMALL], ids=str)
def test_a_seed_gives_the_same_numbers_and_weights_again(model, garments):
    one, two = (trained(arm(model, classic(epochs=1)), 7, garments) for _ in range(2))
    assert one.epochs == two.epochs
    assert one.test == two.test
    np.testing.assert_array_equal(one.per_image.loss, two.per_image.loss)
    for first, second in zip(one.network.get_weights(), two.network.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_seeds_share_nothing_and_do_not_depend_on_their_company(garments):
    together = list(train(arm(recipe=classic(epochs=1)), [1, 2], garments))
    alone = trained(arm(recipe=classic(epochs=1)), 2, garments)
    assert together[0].epochs != together[1].epochs
    assert together[1].epochs == alone.epochs


def test_per_image_record_agrees_with_the_scores_and_the_network(garments):
    result = trained(arm(), 0, garments)
    record = result.per_image
    np.testing.assert_array_equal(record.correct, record.predicted == garments.test_labels)
    assert record.correct.mean() == result.test.accuracy
    assert record.loss.dtype == np.float16
    assert float(record.loss.mean()) == pytest.approx(result.test.loss, rel=2e-3)
    probabilities = result.network.predict(garments.test_images / np.float32(255), verbose=0)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), record.predicted)


def test_validation_only_never_opens_the_test_set(garments):
    spoilt = Dataset(
        "drawn", garments.train_images, garments.train_labels,
        np.zeros_like(garments.test_images), garments.test_labels,
    )  # fmt: skip
    search = arm(scored_on="validation")
    result = trained(search, 0, spoilt)
    assert result.test is None
    assert result.per_image is None
    assert result.epochs == trained(search, 0, garments).epochs


def test_a_diverging_run_ends_with_its_reason(garments):
    hopeless = Recipe(name="hopeless", epochs=9, learning_rate=1.0)
    poisoned = arm(Convolutional(), hopeless)
    # Pixels cannot be infinite, so the weights are made to be: float32 overflows within a step.
    from convbias.networks import models

    original = models.build

    def explosive(*arguments):
        network = original(*arguments)
        network.layers[0].kernel.assign(np.full(network.layers[0].kernel.shape, 3e38, np.float32))
        return network

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "build", explosive)
        result = trained(poisoned, 0, garments)
    assert result.status == "diverged"
    assert "epoch 1" in result.reason
    assert result.epochs == ()
    assert result.train is result.validation is result.test is result.per_image is None


def test_labels_beyond_the_outputs_are_refused(garments):
    labels = garments.train_labels.copy()
    labels[-1] = 10
    names = tuple("abcdefghijklmnopqrstuvwxyz")
    many = Dataset(
        "drawn", garments.train_images, labels, garments.test_images, garments.test_labels, names
    )
    with pytest.raises(InputError, match="has the label 10"):
        trained(arm(), 0, many)


def test_a_subset_trains_on_as_many_images(garments):
    result = trained(arm(training_images=100), 0, garments)
    assert result.train.images == 60
    split, held_out = data.split(garments.train_labels, 0)
    chosen = data.subset(split, garments.train_labels, 100, 0)
    assert not set(chosen) & set(held_out)


def test_both_halves_train_on_what_the_split_leaves(garments):
    parts = [split_of(arm(half=half), 3, garments) for half in (None, "first", "second")]
    (whole, held_out), (first, of_first), (second, of_second) = parts
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), whole)
    np.testing.assert_array_equal(of_first, held_out)
    np.testing.assert_array_equal(of_second, held_out)
    assert trained(arm(half="second"), 0, garments).status == "finished"


def test_labels_without_meaning_cannot_be_learned(garments):
    """Control: with shuffled labels, held-out accuracy stays at chance."""
    shuffled = np.random.default_rng(0).permutation(garments.train_labels)
    nonsense = Dataset(
        "drawn", garments.train_images, shuffled, garments.test_images, garments.test_labels
    )
    assert trained(arm(), 0, nonsense).test.accuracy < 0.25


def test_refuses_another_data_set_and_bad_seeds(garments):
    other = Arm(data=DataVariant(), model=Dense(), recipe=classic(epochs=1))
    with pytest.raises(InputError, match="fashion-mnist"):
        list(train(other, [0], garments))
    for seeds, message in (([], "empty"), ([1, 1], "twice|2 times"), ([-1], "negative")):
        with pytest.raises(InputError, match=message):
            list(train(arm(), seeds, garments))


@pytest.mark.parametrize("model", [Dense(), SMALL], ids=str)
def test_seeds_that_train_together_are_the_runs_that_they_are_alone(model, garments):
    """Mapped over the seeds, and one seed after the other."""
    trains = arm(model, classic(epochs=2))
    together = list(train(trains, [3, 1, 8], garments, together=3))
    alone = list(train(trains, [3, 1, 8], garments, together=1))
    assert [one.seed for one in together] == [3, 1, 8]
    for one, other in zip(together, alone, strict=True):
        for epoch, same in zip(one.epochs, other.epochs, strict=True):
            assert epoch.train_loss == pytest.approx(same.train_loss, rel=1e-4)
        assert one.test.loss == pytest.approx(other.test.loss, rel=1e-3)
        np.testing.assert_allclose(
            one.network.get_weights()[0], other.network.get_weights()[0], atol=2e-3
        )


def test_seeds_that_train_together_share_the_time(garments):
    started = time.perf_counter()
    runs = list(train(arm(recipe=classic(epochs=1)), [0, 1, 2], garments, together=3))
    elapsed = time.perf_counter() - started
    inside = sum(run.training_seconds + run.compile_seconds for run in runs)
    assert 0 < inside < sum(run.wall_seconds for run in runs) <= elapsed
    assert len({run.wall_seconds for run in runs}) == 1


def test_one_seed_may_diverge_while_the_others_go_on(garments, monkeypatch):
    epoch, epochs = Engine.epoch, []

    def spoilt_epoch(self, *arguments):
        state, losses, accuracies = epoch(self, *arguments)
        epochs.append(losses)
        spoilt = [False, len(epochs) == 2]
        return state, np.where(spoilt, np.nan, losses), accuracies

    monkeypatch.setattr(Engine, "epoch", spoilt_epoch)
    seen = []
    trains = arm(recipe=classic(epochs=3))
    runs = list(train(trains, [0, 1], garments, lambda *values: seen.append(values[:2]), 2))
    assert [run.status for run in runs] == ["finished", "diverged"]
    assert [len(run.epochs) for run in runs] == [3, 1]
    assert "in epoch 2 the training loss was nan" in runs[1].reason
    assert runs[1].test is None
    assert seen == [(0, 1), (1, 1), (0, 2), (0, 3)]


def test_seeds_that_do_not_fit_into_memory_are_split(garments, monkeypatch):
    """A device with room for two networks; the error is XLA's own kind, raised by hand."""
    sizes = []
    compile_epoch = Engine.compile

    def compile_in_small_memory(self, *arguments):
        sizes.append(self.seeds)
        if self.seeds > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return compile_epoch(self, *arguments)

    monkeypatch.setattr(Engine, "compile", compile_in_small_memory)
    seeds = [4, 2, 0, 1, 3]
    runs = list(train(arm(recipe=classic(epochs=1)), seeds, garments, together=5))
    assert [one.seed for one in runs] == seeds
    assert list(dict.fromkeys(sizes)) == [5, 3, 2, 1]


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ("RESOURCE_EXHAUSTED: Out of memory", RunError, "dense does not fit into the memory"),
        ("INTERNAL: something else", jax.errors.JaxRuntimeError, "something else"),
    ],
)
def test_a_single_network_without_memory_and_other_errors_are_passed_on(
    told, error, message, garments, monkeypatch
):
    def fail(*_arguments):
        raise jax.errors.JaxRuntimeError(told)

    monkeypatch.setattr(Engine, "compile", fail)
    with pytest.raises(error, match=message):
        list(train(arm(), [0, 1], garments, together=2))
