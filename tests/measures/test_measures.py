"""Measures of trained networks, by hand."""

import numpy as np

from convbias.measures.generalisation_gap import generalisation_gap
from convbias.measures.network_size import network_size
from convbias.networks import models
from convbias.networks.scores import Scores
from convbias.runs.environment import code_version, describe_machine, peak_memory_bytes
from convbias.spec.arms import Convolutional, Dense


def test_network_size_by_hand(tmp_path):
    network = models.build(Convolutional(kernel_size=3), seed=0)
    file = tmp_path / "network.keras"
    network.save(file)
    size = network_size(network, file)
    assert size["parameters"] == 28_426
    assert size["parameter_bytes"] == 4 * 28_426
    assert size["training_state_bytes"] == 3 * 4 * 28_426  # parameters and Adam's two moments
    assert size["network_file_bytes"] == len(file.read_bytes()) > size["parameter_bytes"]


def test_dropout_state_is_no_parameter(tmp_path):
    network = models.build(Dense(), seed=0)
    file = tmp_path / "network.keras"
    file.write_bytes(b"x")
    assert network_size(network, file)["parameters"] == 109_386


def test_gap_is_positive_where_training_images_are_easier():
    train = Scores(images=10, loss=0.1, accuracy=0.9)
    validation = Scores(images=10, loss=0.4, accuracy=0.7)
    gap = generalisation_gap(train, validation)
    np.testing.assert_allclose(gap["train_validation_gap"], 0.2)
    np.testing.assert_allclose(gap["validation_train_loss_gap"], 0.3)


def test_environment_names_versions_and_machine():
    environment = describe_machine(threads=1)
    assert environment.threads == 1
    assert environment.cores >= 1
    assert set(environment.versions) >= {"jax", "keras", "numpy", "convbias"}
    assert code_version().startswith(environment.versions["convbias"])


def test_peak_memory_grows_with_what_is_held():
    before = peak_memory_bytes()
    held = np.ones(64 * 2**20 // 8)
    assert held.sum() > 0
    assert peak_memory_bytes() >= before > 20 * 2**20
