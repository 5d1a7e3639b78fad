"""Linear probes against separable and random features, another library and direct regression."""

import keras
import numpy as np
import pytest
from scipy import optimize, special

from convbias.data.drawn import drawn
from convbias.errors import InputError, RunError
from convbias.measures.linear_probe import (
    RIDGES,
    averaged_down,
    layer_features,
    linear_probe,
    logistic_regression,
    measure,
    probe_accuracy,
)
from convbias.networks import models
from convbias.spec.arms import Convolutional, Dense
from subjects import make_subject

pytestmark = pytest.mark.slow


def test_separable_features_are_read_without_error():
    random = np.random.default_rng(0)
    labels = np.arange(300) % 3
    features = random.normal(size=(300, 8))
    features[np.arange(300), labels] += 20
    assert probe_accuracy(features[:200], labels[:200], features[200:], labels[200:]) == 1


def test_random_labels_give_chance():
    random = np.random.default_rng(1)
    features, labels = random.normal(size=(3_000, 5)), random.integers(0, 4, size=3_000)
    accuracy = probe_accuracy(features[:1_000], labels[:1_000], features[1_000:], labels[1_000:])
    # Of 2,000 guesses at 1 in 4, the standard deviation is 0.0097.
    assert abs(accuracy - 0.25) < 4 * 0.0097


def test_without_penalty_it_is_the_maximum_likelihood_fit():
    random = np.random.default_rng(2)
    features = random.normal(size=(500, 3)) * [1, 30, 0.2]
    logits = features @ random.normal(size=(3, 3)) / [1, 5, 1] + [0, 0.5, -0.5]
    labels = (logits + random.gumbel(size=(500, 3))).argmax(axis=1)
    weights, bias = logistic_regression(features, labels, ridge=1e-9)
    inputs = np.column_stack([np.ones(500), features])

    def negative_log_likelihood(flat: np.ndarray) -> float:
        # Only differences from one class are determined.
        logits = inputs @ np.column_stack([np.zeros(4), flat.reshape(4, 2)])
        return float(np.sum(special.logsumexp(logits, axis=1) - logits[np.arange(500), labels]))

    scale = np.repeat([1, 1, 30, 0.2], 2)  # of the weights' inverses, for the search
    reference = optimize.minimize(
        lambda scaled: negative_log_likelihood(scaled / scale), np.zeros(8), method="BFGS"
    )
    ours = np.vstack([bias, weights])
    np.testing.assert_allclose(
        (ours[:, 1:] - ours[:, :1]).ravel(), reference.x / scale, rtol=0.02, atol=0.005
    )


def test_the_penalised_minimum_has_no_slope():
    random = np.random.default_rng(3)
    features, labels = random.normal(size=(200, 6)), random.integers(0, 3, size=200)
    ridge = 0.05
    weights, bias = logistic_regression(features, labels, ridge)

    def loss(weights: np.ndarray, bias: np.ndarray) -> float:
        scores = np.exp(features @ weights + bias)
        chosen = scores[np.arange(200), labels] / scores.sum(axis=1)
        return -np.log(chosen).mean() + ridge / 2 * (weights**2).sum()

    least = loss(weights, bias)
    for _ in range(20):
        step, side = random.normal(size=weights.shape), random.normal(size=bias.shape)
        slope = (loss(weights + 1e-4 * step, bias) - loss(weights - 1e-4 * step, bias)) / 2e-4
        assert abs(slope) < 2e-3
        assert loss(weights + 0.1 * step, bias + 0.1 * side) > least


def test_a_constant_layer_gives_the_commonest_class():
    labels = np.array([0, 1, 1, 1, 2])
    flat = np.ones((5, 4), dtype=np.float32)
    assert probe_accuracy(flat, labels, flat, labels) == 0.6


def test_features_that_are_no_numbers_are_refused():
    features, labels = np.full((10, 2), np.nan), np.arange(10) % 2
    with pytest.raises(InputError, match="not finite"):
        probe_accuracy(features, labels, features, labels)


def test_a_search_without_end_is_reported(monkeypatch):
    monkeypatch.setattr("convbias.measures.linear_probe.MOST_STEPS", 1)
    random = np.random.default_rng(6)
    with pytest.raises(RunError, match="within 1 steps"):
        logistic_regression(random.normal(size=(50, 4)), np.arange(50) % 3, ridge=1e-3)


def test_a_light_penalty_is_chosen_where_a_heavy_one_hides_the_class():
    """The informative direction has the least spread, so a heavy penalty suppresses it."""
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, size=1_500)
    telling = (labels * 2 - 1)[:, np.newaxis] + random.normal(size=(1_500, 1))
    light = np.hstack([0.01 * telling, random.normal(size=(1_500, 3))])
    accuracy = probe_accuracy(light[:500], labels[:500], light[500:], labels[500:])
    # The best possible accuracy is 84.1 %, the normal distribution up to 1, +- 1.2 %.
    assert accuracy > 0.80
    scaled = (light - light.mean(axis=0)) / light.std()
    weights, bias = logistic_regression(scaled[:500], labels[:500], RIDGES[0])
    assert ((scaled[500:] @ weights + bias).argmax(axis=1) == labels[500:]).mean() < 0.75


def test_averaging_down_keeps_the_mean_and_what_fits_whole():
    maps = np.random.default_rng(4).normal(size=(3, 7, 7, 8)).astype(np.float32)
    three = averaged_down(maps, most=8 * 9)
    assert three.shape == (3, 72)
    np.testing.assert_allclose(
        three.reshape(3, 9, 8).mean(axis=1), maps.mean(axis=(1, 2)), atol=1e-6
    )
    # Of 7 rows in 3 cells, the first cell takes two rows and a third of the next.
    rows = (maps[:, 0] + maps[:, 1] + maps[:, 2] / 3) / (7 / 3)
    cell = (rows[:, 0] + rows[:, 1] + rows[:, 2] / 3) / (7 / 3)
    np.testing.assert_allclose(three[:, :8], cell, atol=1e-6)
    np.testing.assert_array_equal(averaged_down(maps, most=8 * 49), maps.reshape(3, -1))
    np.testing.assert_array_equal(averaged_down(maps, most=8 * 64), maps.reshape(3, -1))
    np.testing.assert_allclose(averaged_down(maps, most=5), maps.mean(axis=(1, 2)), atol=1e-6)
    vectors = maps.reshape(3, -1)
    np.testing.assert_array_equal(averaged_down(vectors, most=5), vectors)


def test_every_layer_of_the_study_s_network_and_its_number_of_features():
    network = models.build(Convolutional(kernel_size=3), seed=0, standardise=(0.3, 0.4))
    images = drawn(n_train=300, n_test=1)[0]  # more than one batch
    features = layer_features(network, images)
    assert {name: output.shape[1] for name, output in features.items()} == {
        "pixels": 784,
        "conv_1": 4 * 4 * 32,
        "pool_1": 4 * 4 * 32,
        "conv_2": 3 * 3 * 64,
        "pool_2": 3 * 3 * 64,
        "global_average": 64,
        "dense_1": 128,
        "probabilities": 10,
    }
    pixels = images.reshape(300, -1) / np.float32(255)
    np.testing.assert_allclose(features["pixels"], pixels, rtol=1e-6)
    expected = np.asarray(network(images[[0, 299]] / np.float32(255)))
    np.testing.assert_allclose(features["probabilities"][[0, 299]], expected, atol=1e-5)
    averages = features["pool_2"].reshape(300, 9, 64).mean(axis=1)
    np.testing.assert_allclose(averages, features["global_average"], atol=1e-5)


def test_probing_the_pixels_is_the_regression_on_them():
    images, labels, test_images, test_labels = drawn(n_train=200, n_test=100)
    # Every other pixel, because regressions on all of them take three times as long.
    images, test_images = images[:, ::2, ::2], test_images[:, ::2, ::2]
    network = keras.Sequential(
        [keras.Input((14, 14, 1)), keras.layers.Flatten(), keras.layers.Dense(196, name="turned")]
    )
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(196, 196)))[0]
    network.layers[1].set_weights([rotation, np.full(196, 0.3)])
    accuracies = linear_probe(network, images, labels, test_images, test_labels)
    direct = probe_accuracy(
        images.reshape(200, -1) / np.float32(255),
        labels,
        test_images.reshape(100, -1) / np.float32(255),
        test_labels,
    )
    assert 0.3 < direct < 1
    assert accuracies["pixels"] == pytest.approx(direct, abs=0.011)  # at most one image
    # A rotation and a shift hide nothing from a linear classifier with a round penalty; two of the
    # hundred images may lie on the border.
    assert accuracies["turned"] == pytest.approx(direct, abs=0.021)
    assert list(accuracies) == ["pixels", "turned"]


def test_labels_of_another_number_are_refused():
    images, labels, *_ = drawn(n_train=20, n_test=10)
    network = models.build(Convolutional(kernel_size=3), seed=0)
    with pytest.raises(InputError, match="20 images have 19 labels"):
        linear_probe(network, images, labels[1:], images, labels)
    with pytest.raises(InputError, match="uint8"):
        linear_probe(network, images / 255, labels, images, labels)


@pytest.mark.parametrize(
    ("model", "last"),
    [
        (Convolutional(filters=(2, 3)), "pool_2"),
        (Convolutional(filters=(2,)), "pool_1"),
        (Dense(), None),
    ],
)
def test_measured_are_all_layers_and_the_last_maps_under_one_name(model, last, monkeypatch):
    # What is asked is which layers and images are probed; regressions on them take long.
    monkeypatch.setattr(
        "convbias.measures.linear_probe.probe_accuracy",
        lambda train, _, test, __: float(train.mean() + 2 * test.mean()),
    )
    monkeypatch.setattr("convbias.measures.linear_probe.TRAINING_IMAGES", 30)
    subject = make_subject(model, images=60)
    train, test = (
        layer_features(subject.network, images)
        for images in (subject.dataset.train_images[:30], subject.dataset.test_images)
    )
    measured = measure(subject)
    assert measured.images == 60
    values = measured.values
    last_maps = values.pop("probe_last_maps", None)
    assert last_maps == (None if last is None else values[f"probe_{last}"])
    assert set(values) == {f"probe_{name}" for name in train}
    for name, features in train.items():
        expected = features.mean() + 2 * test[name].mean()
        np.testing.assert_allclose(values[f"probe_{name}"], expected, rtol=1e-4)
