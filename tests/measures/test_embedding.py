"""Convolutions copied into locally connected and dense layers, whole networks at a time."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from convbias import data
from convbias.data import drawn
from convbias.errors import InputError
from convbias.measures import embedding
from convbias.measures.base import Subject
from convbias.networks import local_connection, models
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.recipes import classic
from factories import grey

pytestmark = pytest.mark.slow

LOCAL, DENSE = "embedding_error_local", "embedding_error_dense"
SHARED = Convolutional(filters=(3, 5))
SIDE = 8


def network_of(model: Model, side: int = SIDE) -> keras.Model:
    """With biases that are not zero, as training leaves them."""
    network = models.build(model, seed=0, dimensions=grey(side))
    rng = np.random.default_rng(1)
    network.set_weights([w + 0.3 * rng.normal(size=w.shape) for w in network.get_weights()])
    return network


def images_of(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (3, side, side, 1), dtype=np.uint8)


@pytest.mark.parametrize(
    "model",
    [SHARED, SHARED.model_copy(update={"head": "flatten"}), Convolutional(filters=(2,))],
    ids=lambda model: model.name,
)
def test_a_convolution_is_both(model):
    errors = embedding.embedding_errors(network_of(model), images_of())
    assert list(errors) == [LOCAL, DENSE]
    assert max(errors.values()) < 1e-5


def test_a_locally_connected_network_is_a_dense_one():
    model = SHARED.model_copy(update={"sharing": "local"})
    errors = embedding.embedding_errors(network_of(model), images_of())
    assert list(errors) == [DENSE]
    assert errors[DENSE] < 1e-5


def test_a_few_channels_at_a_time_are_all_channels(monkeypatch):
    network = network_of(SHARED)
    monkeypatch.setattr(embedding, "LARGEST_MATRIX", 1)  # one channel
    assert embedding.embedding_errors(network, images_of())[DENSE] < 1e-5


def test_an_error_in_any_batch_is_seen(monkeypatch):
    network, images = network_of(SHARED), images_of()
    first, last = (images[:1], images[-1:])
    monkeypatch.setattr(embedding, "BATCH", 1)
    original = embedding.local_kernels

    def unequal(kernel, pixels):
        kernels = original(kernel, pixels)
        kernels[pixels // 2] += 1
        return kernels

    monkeypatch.setattr(embedding, "local_kernels", unequal)
    alone = [embedding.embedding_errors(network, each)[LOCAL] for each in (first, last)]
    together = embedding.embedding_errors(network, np.concatenate([first, last]))[LOCAL]
    assert alone[0] != alone[1]
    assert together == max(alone)


def test_a_kernel_that_differs_in_one_place_is_seen_in_both(monkeypatch):
    def unequal(kernel, pixels):
        kernels = local_connection.local_kernels(kernel, pixels)
        kernels[pixels // 2] += 1
        return kernels

    monkeypatch.setattr(embedding, "local_kernels", unequal)
    errors = embedding.embedding_errors(network_of(SHARED), images_of())
    assert min(errors.values()) > 1e-3


def test_a_weight_that_reaches_beyond_the_neighbourhood_is_seen_in_the_dense_copy(monkeypatch):
    def further(*arguments):
        matrix = local_connection.dense_matrix(*arguments)
        matrix[0] += 1  # the first value of every image
        return matrix

    monkeypatch.setattr(embedding, "dense_matrix", further)
    errors = embedding.embedding_errors(network_of(SHARED), np.maximum(images_of(), 100))
    assert errors[LOCAL] < 1e-5
    assert errors[DENSE] > 1e-3


def test_what_is_no_same_padded_convolution_of_stride_one_is_refused():
    for changed in ({"padding": "valid"}, {"downsampling": "stride"}):
        network = network_of(SHARED.model_copy(update=changed), side=12)
        with pytest.raises(InputError, match="conv_1 has"):
            embedding.embedding_errors(network, images_of(12))


@pytest.mark.parametrize(("model", "names"), [(Dense(), []), (SHARED, [LOCAL, DENSE])])
def test_what_the_frame_calls(model, names):
    dataset = data.Dataset("drawn", *drawn.drawn(10, 10))
    arm = Arm(data=DataVariant(dataset="drawn"), model=model, recipe=classic(1))
    subject = Subject(network_of(model, side=28), arm, 0, dataset, dataset)
    measured = embedding.measure(subject)
    assert list(measured.values) == names
    assert measured.images == (10 if names else None)
