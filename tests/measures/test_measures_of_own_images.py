"""Measures on coloured, small and many-class images, with networks that were never trained."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias.data.eda import explore
from convbias.data.pixel_correlation import correlation_matrix, middle_in_grey
from convbias.data.variants import vary
from convbias.experiments import experiment_of
from convbias.experiments.studies import adapted_experiments
from convbias.measures.base import Subject
from convbias.measures.corruption import corruptions_of, fine_gradient_share
from convbias.networks import models
from convbias.runs.measure_networks import take
from convbias.spec.arms import Arm, Convolutional, DataVariant
from made_images import COLOURED, MANY, made_dataset


def subject_of(arm: Arm) -> Subject:
    source = made_dataset(arm.data.dataset)
    network = models.build(arm.model, 1, None, arm.data.dimensions)
    return Subject(network, arm, 0, source, vary(source, arm.data))


def test_every_measure_takes_coloured_images():
    untouched = {"linear_probe", "lie_derivative", "equivariance_error"}  # by colour, and slow
    taken = {}
    for name, experiment in adapted_experiments(COLOURED).items():
        arms = experiment_of(name, COLOURED).arms(DataVariant(dataset=COLOURED), "classic", 1)
        for measure in set(experiment.measures) - untouched:
            arm = next(each for each in arms.values() if each.model == Convolutional())
            assert isinstance(arm, Arm)
            taken[measure] = take(measure, subject_of(arm))
            assert np.isfinite(list(taken[measure].values.values())).all(), measure
    assert len(taken) == 6
    assert taken["embedding"].values["embedding_error_dense"] < 1e-5
    assert taken["shift_consistency"].values["stride_one_circular_consistency"] == 1
    assert taken["receptive_field"].values["influence_outside"] < 1e-5
    assert taken["receptive_field"].pictures["influence"].shape == (16, 16)


def test_more_than_256_classes_are_told_apart():
    arm = Arm.model_validate(
        experiment_of("shift", MANY).arms(DataVariant(dataset=MANY), "classic", 1)["dense"]
    )
    subject = subject_of(arm)
    # Always the last class, 299: as a byte it would be 43.
    bias = subject.network.layers[-1].bias
    bias.assign(np.eye(300)[299] * 1_000)
    found = take("shift_consistency", subject).values
    assert found["accuracy_at_shift_0"] == pytest.approx(1 / 300)


def test_images_that_are_sorted_by_class_are_drawn():
    arm = Arm.model_validate(
        experiment_of("original", COLOURED).arms(DataVariant(dataset=COLOURED), "classic", 1)[
            "dense"
        ]
    )
    subject = subject_of(arm)
    labels = subject.source.test_labels
    chosen = subject.first(30, labels)
    assert len(set(chosen.tolist())) == 30
    assert set(labels[chosen].tolist()) == {0, 1, 2}
    assert labels[:30].max() == 0


def test_corruptions_are_in_proportion_to_the_side():
    strengths = {each.name: each.strengths for each in corruptions_of(8)}
    assert strengths["noise"] == (8, 16, 32, 64)
    # 8 / 28 of 4, 8, 12 and 16 pixels: 1.1, 2.3, 3.4 and 4.6.
    assert strengths["occlusion"] == (1, 2, 3, 5)
    assert {each.name: each.strengths for each in corruptions_of(28)}["blur"] == (0.5, 1, 1.5, 2)


def test_fine_detail_of_any_channel_counts():
    # The gradient is the weights: the finest rows in blue alone, so all of it is fine.
    side = 16
    weights = np.zeros((side, side, 3, 2))
    weights[:, :, 2, 1] = np.where(np.arange(side) % 2, 1, -1)[:, None]
    flat = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    flat.set_weights([weights.reshape(-1, 2), np.zeros(2)])
    images = made_dataset(COLOURED).test_images[:5]
    assert fine_gradient_share(flat, images) == pytest.approx(1)


def test_exploration_of_coloured_images_by_hand():
    dataset = made_dataset(COLOURED)
    explored = explore(dataset)
    assert explored.mean_images.shape == (3, 16, 16, 3)
    reds = dataset.train_images[dataset.train_labels == 0, 7, 7, 0]
    assert explored.mean_images[0, 7, 7, 0] == pytest.approx(reds.mean())
    assert max(each.distance for each in explored.correlations) == 8
    grey = middle_in_grey(dataset.train_images)
    expected = np.rint(dataset.train_images.astype(float).mean(axis=3))
    np.testing.assert_array_equal(grey[..., 0], expected)
    one, other = grey[:, 3, 4, 0].astype(float), grey[:, 3, 5, 0].astype(float)
    found = correlation_matrix(grey)[3, 4, 3, 5]
    assert found == pytest.approx(np.corrcoef(one, other)[0, 1])
