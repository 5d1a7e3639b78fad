"""Cora is what it is known to be, and its pickles can call nothing."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from convbias.data.beyond import graphs
from convbias.data.beyond.graphs import CORA, Graph, load_cora
from convbias.errors import AbsentDataError, DataError


@pytest.fixture(scope="module")
def cora() -> Graph:
    try:
        return load_cora()
    except AbsentDataError:
        pytest.skip("Cora is not here, and there is no network")


def test_cora_has_its_known_numbers(cora):
    assert cora.features.shape == (2_708, 1_433)
    # 5,278 pairs of papers, as every account of the Planetoid files says; each in both directions.
    assert len(cora.edges) == 2 * 5_278
    assert np.bincount(cora.labels).tolist() == [351, 217, 418, 818, 426, 298, 180]
    assert np.bincount(cora.labels[cora.training]).tolist() == [20] * 7
    assert len(set(cora.test) | set(cora.validation) | set(cora.training)) == 1_640
    np.testing.assert_allclose(cora.features.sum(axis=1), 1, rtol=1e-5)


def test_neighbours_are_mutual(cora):
    pairs = set(map(tuple, cora.edges.tolist()))
    assert all((second, first) in pairs for first, second in pairs)
    assert all(first != second for first, second in pairs)


def test_renumbering_moves_everything_alike(cora):
    order = np.random.default_rng(0).permutation(cora.nodes)
    other = cora.renumbered(order)
    back = set(map(tuple, order[other.edges].tolist()))
    assert back == set(map(tuple, cora.edges.tolist()))
    np.testing.assert_array_equal(other.features, cora.features[order])
    np.testing.assert_array_equal(np.sort(order[other.test]), cora.test)


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def test_a_pickle_that_calls_something_is_refused(cora, tmp_path, monkeypatch):
    del cora  # its files are there
    content = pickle.dumps(Harmful(), protocol=2)
    files = CORA.read() | {"ind.cora.allx": content}
    checksums = {name: hashlib.sha256(each).hexdigest() for name, each in files.items()}
    (tmp_path / "cora").mkdir()
    for name, each in files.items():
        (tmp_path / "cora" / name).write_bytes(each)
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path))
    monkeypatch.setattr(graphs, "CORA", replace(CORA, checksums=checksums))
    with pytest.raises(pickle.UnpicklingError, match="system is not allowed"):
        load_cora.__wrapped__()


def test_a_damaged_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "cora").mkdir()
    for name in CORA.checksums:
        (tmp_path / "cora" / name).write_bytes(b"damaged")
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"ind\.cora\.allx is not the published file"):
        CORA.read()


def test_a_folder_without_cora_is_passed_over(tmp_path, monkeypatch):
    # It may hold Fashion-MNIST alone; without a network the message names all places.
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path / "mine"))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))
    monkeypatch.setattr("convbias.data.beyond.published.download", lambda *_: ("no network",))
    with pytest.raises(AbsentDataError, match="no network") as caught:
        CORA.read()
    for folder in ("mine", "cache"):
        assert str(tmp_path / folder / "cora") in caught.value.what
