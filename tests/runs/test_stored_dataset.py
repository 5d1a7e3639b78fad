"""What is kept of a person's own data set beside its runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convbias.errors import StorageError
from convbias.networks.scores import PerImage
from convbias.runs.store import Store, read_run
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec import datasets
from factories import make_arm, make_run
from made_images import COLOURED, MANY, made_dataset


def test_it_comes_back_without_the_images(tmp_path):
    store, dataset = Store(tmp_path), made_dataset(COLOURED)
    store.write_dataset(StoredDataset.of(dataset))
    found = store.read_dataset(COLOURED)
    assert found is not None
    assert found.checksum == dataset.checksum
    assert found.train_counts == (180, 90, 30)
    np.testing.assert_array_equal(found.test_labels, dataset.test_labels)
    assert found.class_names == ("class 0", "class 1", "class 2")
    assert not store.paths()  # it is no run
    assert Store(tmp_path / "other").read_dataset(COLOURED) is None


def test_labels_of_many_classes_keep_their_type(tmp_path):
    store = Store(tmp_path)
    store.write_dataset(StoredDataset.of(made_dataset(MANY)))
    found = store.read_dataset(MANY)
    assert found is not None
    assert found.test_labels.dtype == np.uint16
    assert found.test_labels.max() == 299


def test_another_data_set_of_that_name_is_refused(tmp_path):
    store, stored = Store(tmp_path), StoredDataset.of(made_dataset(COLOURED))
    store.write_dataset(stored)
    store.write_dataset(stored)
    with pytest.raises(StorageError, match="describes other images"):
        store.write_dataset(stored.model_copy(update={"checksum": "0" * 64}))


def test_runs_are_readable_where_the_data_set_is_unknown(tmp_path, monkeypatch):
    name = "unknown-0123456789"
    monkeypatch.setattr(datasets, "_registered", dict(datasets._registered))
    datasets.description_of.cache_clear()
    described = datasets.description_of(COLOURED)
    datasets.register(name, described)
    store = Store(tmp_path)
    path = store.write(make_run(make_arm(dataset=name), 0, images=100))
    stored = StoredDataset.of(made_dataset(COLOURED)).model_copy(update={"name": name})
    store.write_dataset(stored)
    monkeypatch.setattr(datasets, "_registered", {})
    datasets.description_of.cache_clear()
    assert read_run(path).image_arm.data.dataset == name
    datasets.description_of.cache_clear()


def test_predictions_of_few_classes_are_stored_as_before():
    few = PerImage(correct=np.ones(3, bool), predicted=np.array([0, 9, 255], np.uint8))
    assert json.loads(few.model_dump_json())["predicted"]["dtype"] == "uint8"
    many = PerImage(correct=np.ones(3, bool), predicted=np.array([0, 256, 999], np.uint16))
    again = PerImage.model_validate_json(many.model_dump_json())
    assert again.predicted is not None
    assert again.predicted.dtype == np.uint16
    assert again.predicted.tolist() == [0, 256, 999]
